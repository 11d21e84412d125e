package org.lacuna.eval.command;

import java.util.List;
import org.lacuna.data.sample.Windows;
import org.lacuna.eval.measure.Cut;
import org.lacuna.graph.program.Workers;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** How much text goes through a model, and by how many threads. */
final class WindowOptions {
    private static final int CROWD = 64;
    private static final int WINDOWS = 64;
    private static final int WINDOW = 128;

    @Option(names = "--windows", paramLabel = "N", converter = Count.class,
            description = "Windows of text, from its beginning; all: as many as there are. Default: " + WINDOWS + ".")
    private Integer windows;

    @Option(names = "--window", paramLabel = "T", description = "Tokens in a window. Default: " + WINDOW + ", or fewer where a model reads no more at once.")
    private Integer window;

    @Option(names = "--workers", defaultValue = "0", paramLabel = "N",
            description = "Threads; they don't change the result. Default: as many as there are processors.")
    private int workers;

    /** A number, or all. */
    private static final class Count implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            try {
                return text.equals("all") ? Windows.ALL : Integer.valueOf(text);
            } catch (NumberFormatException e) {
                throw new TypeConversionException("'" + text + "' is no number of windows; expected one, or all");
            }
        }
    }

    /** Adds what is wrong with them. */
    void check(List<String> problems, int leastWindows) {
        atLeast(problems, leastWindows, "--windows", windows());
        if (window != null) {
            atLeast(problems, 1, "--window", window);
        }
        if (workers < 0) {
            problems.add("--workers: must be at least 1, or 0 for as many as there are processors, not " + workers);
        }
    }

    static void atLeast(List<String> problems, int least, String option, int value) {
        if (value < least) {
            problems.add(option + ": must be at least " + least + ", not " + value);
        }
    }

    /** How many windows; {@link Windows#ALL} there are. */
    int windows() {
        return windows == null ? WINDOWS : windows;
    }

    /** Whether the user said nothing of windows. */
    boolean unnamed() {
        return windows == null && window == null;
    }

    /** Takes these as if they had been named. */
    void take(Cut cut) {
        windows = cut.windows();
        window = cut.length();
    }

    /** Tokens in a window, for a model of so many positions. */
    int window(int positions) {
        return window == null ? Math.min(WINDOW, positions) : window;
    }

    /** The threads that were asked for, but no crowd: beyond a thread a processor they only wait for each other. */
    Workers team() {
        int processors = Runtime.getRuntime().availableProcessors();
        return new Workers(workers == 0 ? processors : Math.min(workers, Math.max(CROWD, processors)));
    }
}
