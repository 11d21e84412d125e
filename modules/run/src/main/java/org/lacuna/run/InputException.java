package org.lacuna.run;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The user's input was wrong: a recipe, a flag, a file that was named. The command line prints the message
 * and ends with {@link ExitCode#BAD_INPUT}.
 *
 * <p>Each problem says what was wrong, where (file, key), what was expected and what to do. Several problems
 * of one input are reported together, so that nobody has to fix them one run at a time.
 */
public final class InputException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    /** More than these help nobody. */
    private static final int SHOWN = 20;

    private final List<String> problems;

    /** One problem. */
    public InputException(String problem) {
        this(List.of(problem), null);
    }

    /** One problem and the exception that it showed itself by; the message must stand without the cause. */
    public InputException(String problem, Throwable cause) {
        this(List.of(problem), cause);
    }

    /** One or more problems, in the order in which they are to be read. */
    public InputException(List<String> problems) {
        this(problems, null);
    }

    private InputException(List<String> problems, Throwable cause) {
        super(message(problems), cause);
        this.problems = List.copyOf(problems);
    }

    /** The problems, at least one. */
    public List<String> problems() {
        return problems;
    }

    /** The same problems in other words, for one who knows more about where they are. */
    public InputException map(UnaryOperator<String> words) {
        return new InputException(problems.stream().map(words).toList(), this);
    }

    private static String message(List<String> problems) {
        if (problems.isEmpty()) {
            throw new IllegalArgumentException("an InputException without a problem");
        }
        if (problems.size() == 1) {
            return problems.get(0);
        }
        int shown = Math.min(problems.size(), SHOWN);
        return problems.size() + " problems:\n  - " + String.join("\n  - ", problems.subList(0, shown))
                + (shown < problems.size() ? "\n  and " + (problems.size() - shown) + " more" : "");
    }
}
