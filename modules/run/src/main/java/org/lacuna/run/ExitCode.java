package org.lacuna.run;

/** The exit codes of the {@code lacuna} command, the same for every subcommand. */
public final class ExitCode {
    /** The command did what it was asked. */
    public static final int DONE = 0;
    /** The input was right and the run failed. */
    public static final int FAILED = 1;
    /** The input was wrong: arguments, a recipe, a file. */
    public static final int BAD_INPUT = 2;
    /** Interrupted (Ctrl-C, SIGTERM) and resumable: 128 + SIGINT, as shells have it. */
    public static final int INTERRUPTED = 130;

    private ExitCode() {}

    /** The exit code that an exception stands for. */
    public static int of(Throwable failure) {
        if (failure instanceof InputException) {
            return BAD_INPUT;
        }
        if (failure instanceof InterruptedRunException) {
            return INTERRUPTED;
        }
        return FAILED;
    }
}
