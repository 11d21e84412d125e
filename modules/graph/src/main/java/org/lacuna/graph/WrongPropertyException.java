package org.lacuna.graph;

/** A system property that the user set has a value that it can't have; the message names both, and what was expected. */
public final class WrongPropertyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public WrongPropertyException(String message) {
        super(message);
    }
}
