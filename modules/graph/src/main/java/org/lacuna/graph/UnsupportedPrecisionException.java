package org.lacuna.graph;

/** A device can't multiply in the precision asked for; the message says why, and what to take instead. */
public final class UnsupportedPrecisionException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UnsupportedPrecisionException(String message) {
        super(message);
    }
}
