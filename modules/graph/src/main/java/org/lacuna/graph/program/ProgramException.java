package org.lacuna.graph.program;

/** A graph that cannot be compiled or fed as asked; the message names the op and the variable. */
public final class ProgramException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ProgramException(String message) {
        super(message);
    }

    public ProgramException(String message, Throwable cause) {
        super(message, cause);
    }
}
