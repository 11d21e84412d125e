package org.lacuna.sparsity.critical;

import java.util.List;

/**
 * What one draw or exchange of windows says of a number.
 *
 * @param least the least that it may be
 * @param most  the most
 * @param kind  of the levels behind it: {@code NONE} if one is missing, else {@code AT_LEAST} if one is but a lower bound
 */
record Reading(double least, double most, Level.Kind kind) {

    static Reading of(double number) {
        return new Reading(number, number, Level.Kind.AT);
    }

    /** No level counts as 0, the least there is; a lower bound s stands for anything in [s, 1]. */
    static Reading of(Level level) {
        return level.kind() == Level.Kind.NONE ? new Reading(0, 0, Level.Kind.NONE) : new Reading(level.sparsity(), most(level), level.kind());
    }

    /** {@code a - b}; anything in [-1, 1] where either has no level. */
    static Reading difference(Level a, Level b) {
        if (a.kind() == Level.Kind.NONE || b.kind() == Level.Kind.NONE) {
            return new Reading(-1, 1, Level.Kind.NONE);
        }
        boolean plain = a.kind() == Level.Kind.AT && b.kind() == Level.Kind.AT;
        return new Reading(a.sparsity() - most(b), most(a) - b.sparsity(), plain ? Level.Kind.AT : Level.Kind.AT_LEAST);
    }

    /** The mean of some readings, each counted so many times. */
    static Reading mean(List<Reading> readings, int[] times) {
        // Of a single reading every bit, its sign of zero too.
        double least = -0.0;
        double most = -0.0;
        int count = 0;
        Level.Kind kind = Level.Kind.AT;
        for (int i = 0; i < times.length; i++) {
            if (times[i] > 0) {
                Reading reading = readings.get(i);
                least += times[i] * reading.least;
                most += times[i] * reading.most;
                count += times[i];
                kind = kind == Level.Kind.NONE || reading.kind == Level.Kind.AT ? kind : reading.kind;
            }
        }
        return new Reading(least / count, most / count, kind);
    }

    private static double most(Level level) {
        return level.kind() == Level.Kind.AT_LEAST ? 1 : level.sparsity();
    }
}
