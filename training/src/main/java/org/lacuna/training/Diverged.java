package org.lacuna.training;

/** A step whose loss or gradient is not finite. The parameters are those of before the step. */
public final class Diverged extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** {@code message}: which step, what was not finite, and where the first such value stood. */
    Diverged(String message) {
        super(message);
    }
}
