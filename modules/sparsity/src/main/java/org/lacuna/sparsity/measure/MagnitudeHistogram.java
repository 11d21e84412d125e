package org.lacuna.sparsity.measure;

import org.lacuna.sparsity.rule.NonFiniteException;

/**
 * How often magnitudes have which exponent: value x counts at e = ⌊log₂|x|⌋, that is 2^e ≤ |x| &lt; 2^(e+1), exactly, denormals too. Exact zeros are
 * counted apart. The order of values does not matter, nor who counted them.
 */
public final class MagnitudeHistogram {
    /** The exponent of the smallest positive float. */
    public static final int LEAST = -149;
    /** The exponent of the largest floats. */
    public static final int MOST = Float.MAX_EXPONENT;

    private final long[] counts = new long[MOST - LEAST + 1];
    private long zeros;

    /**
     * Counts the values of one row.
     *
     * @throws NonFiniteException if one is NaN or infinite; those before it are then counted
     */
    public void add(float[] values, int n) {
        for (int i = 0; i < n; i++) {
            if (values[i] == 0) {
                zeros++;
            } else if (Float.isFinite(values[i])) {
                counts[exponent(values[i]) - LEAST]++;
            } else {
                throw new NonFiniteException(i, values[i]);
            }
        }
    }

    private static int exponent(float value) {
        // As a double even a denormal float has a leading bit, which its exponent counts.
        return Math.getExponent((double) value);
    }

    /** Takes in what another worker counted. */
    public void merge(MagnitudeHistogram other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
        zeros += other.zeros;
    }

    /** How many values were exactly 0, of either sign. */
    public long zeros() {
        return zeros;
    }

    /** How many had that exponent, from {@link #LEAST} to {@link #MOST}. */
    public long count(int exponent) {
        return counts[exponent - LEAST];
    }

    /** How many values were counted, zeros among them. */
    public long total() {
        long total = zeros;
        for (long count : counts) {
            total += count;
        }
        return total;
    }
}
