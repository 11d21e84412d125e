package org.lacuna.graph;

/** ND4J's backend on the class path can't run on this machine; the message says which and why. */
public final class UnusableBackendException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UnusableBackendException(String message, Throwable cause) {
        super(message, cause);
    }
}
