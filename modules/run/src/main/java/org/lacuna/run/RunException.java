package org.lacuna.run;

/**
 * The run failed for a reason outside the user's input: a full disk, a read-only folder, a loss that is no
 * longer a number. The command line prints the message and ends with {@link ExitCode#FAILED}.
 */
public final class RunException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A failure whose message says what happened, where, and what is left intact. */
    public RunException(String message) {
        super(message);
    }

    /** The same with the exception that it came from; the message must stand without the cause. */
    public RunException(String message, Throwable cause) {
        super(message, cause);
    }
}
