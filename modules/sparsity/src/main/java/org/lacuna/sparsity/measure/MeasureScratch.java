package org.lacuna.sparsity.measure;

import java.util.Arrays;
import org.lacuna.sparsity.rule.NonFiniteException;

/** Buffers that measures work in, so that measuring a row allocates nothing. Made once for rows of up to a size; one per thread. */
public final class MeasureScratch {
    private static final int DIGIT_BITS = 8;
    private static final int RADIX = 1 << DIGIT_BITS;

    private final int[] counts = new int[RADIX];
    private int[] magnitudes;
    private int[] spare;

    /**
     * Buffers for rows of at most {@code maxN} entries: 8 bytes an entry.
     *
     * @throws IllegalArgumentException if {@code maxN} is below 1
     */
    public MeasureScratch(int maxN) {
        if (maxN < 1) {
            throw new IllegalArgumentException("maxN must be at least 1, not " + maxN);
        }
        magnitudes = new int[maxN];
        spare = new int[maxN];
    }

    /** Throws what {@link Measure#of} promises. */
    void check(float[] values, int n) {
        if (n < 1 || n > values.length || n > magnitudes.length) {
            throw new IllegalArgumentException("a row of " + n + " entries, at least 1, in an array of " + values.length + " and a scratch for "
                    + magnitudes.length);
        }
        for (int i = 0; i < n; i++) {
            if (!Float.isFinite(values[i])) {
                throw new NonFiniteException(i, values[i]);
            }
        }
    }

    /**
     * The magnitudes of the row, rising, as the bits of floats, which order like them. Radix sort: the sorts of {@link Arrays} may allocate.
     *
     * @return the first n entries are the row's; valid until the next call
     */
    int[] risingMagnitudes(float[] values, int n) {
        for (int i = 0; i < n; i++) {
            magnitudes[i] = Float.floatToRawIntBits(Math.abs(values[i]));
        }
        for (int shift = 0; shift < Integer.SIZE; shift += DIGIT_BITS) {
            Arrays.fill(counts, 0);
            for (int i = 0; i < n; i++) {
                counts[magnitudes[i] >>> shift & RADIX - 1]++;
            }
            int next = 0;
            for (int digit = 0; digit < RADIX; digit++) {
                int count = counts[digit];
                counts[digit] = next;
                next += count;
            }
            for (int i = 0; i < n; i++) {
                spare[counts[magnitudes[i] >>> shift & RADIX - 1]++] = magnitudes[i];
            }
            int[] swap = magnitudes;
            magnitudes = spare;
            spare = swap;
        }
        return magnitudes;
    }
}
