package org.lacuna.run;

/**
 * The run was asked to stop, has saved its state, and can be resumed. The command line prints the message
 * (how to go on) and ends with {@link ExitCode#INTERRUPTED}.
 */
public final class InterruptedRunException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** {@code howToGoOn}: what was saved and the command that resumes it. */
    public InterruptedRunException(String howToGoOn) {
        super(howToGoOn);
    }
}
