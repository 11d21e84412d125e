package org.lacuna.sparsity.statistics;

/**
 * What a number may be where it is known only within bounds; a plain number is both.
 *
 * @param least the least it may be
 * @param most  the most, no less
 */
public record Range(double least, double most) {
    /** Checks the order. */
    public Range {
        if (!(least <= most)) {
            throw new IllegalArgumentException("no number lies from " + least + " to " + most);
        }
    }

    /** A plain number. */
    public static Range of(double number) {
        return new Range(number, number);
    }

    private double leastSize() {
        return least > 0 ? least : most < 0 ? -most : 0;
    }

    /** Whether this, as an outcome of chance, may be as large as what was seen. */
    boolean mayReach(Range seen, double rounding) {
        return most >= seen.least - rounding;
    }

    /** The same of the distance from 0. */
    boolean mayReachInSize(Range seen, double rounding) {
        return Math.max(Math.abs(least), Math.abs(most)) >= seen.leastSize() - rounding;
    }
}
