package org.lacuna.sparsity.critical;

/**
 * An estimated sparsity, or how the curve fails to give one.
 *
 * @param kind     what the number is
 * @param sparsity in [0, 1]; NaN where the kind is {@link Kind#NONE}
 */
public record Level(Kind kind, double sparsity) {
    /** There is no such sparsity: the bar is broken from the start. */
    public static final Level NONE = new Level(Kind.NONE, Double.NaN);

    /** What a level's number is. */
    public enum Kind {
        /** Not a number: no measured point holds the bar. */
        NONE,
        /** The level itself. */
        AT,
        /** A lower bound, shown as "≥": the curve ends before the bar is broken. */
        AT_LEAST
    }

    /** Checks that the number fits the kind. */
    public Level {
        if (kind == Kind.NONE ? !Double.isNaN(sparsity) : !(sparsity >= 0 && sparsity <= 1)) {
            throw new IllegalArgumentException("no level of kind " + kind + " has the sparsity " + sparsity);
        }
    }

    /** The level is known. */
    public static Level at(double sparsity) {
        return new Level(Kind.AT, sparsity);
    }

    /** All that is known is that the level is this or more. */
    public static Level atLeast(double sparsity) {
        return new Level(Kind.AT_LEAST, sparsity);
    }
}
