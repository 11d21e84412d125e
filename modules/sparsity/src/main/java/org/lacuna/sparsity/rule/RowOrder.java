package org.lacuna.sparsity.rule;

import java.util.Arrays;

/**
 * One row put in order once, then top-p for any number of p: the same answers as the rule {@code top_p}, bit for bit, at the price of a
 * binary search each. For a sweep over p where the row is the same for all of them. Reusable; not for several threads.
 */
public final class RowOrder {
    private final long[] entries;
    private final KeySort sort;
    /** before[k] is the sum of the k largest magnitudes, added one by one in falling order. */
    private final double[] before;
    private int n;
    private int nonZero;

    /** Buffers for rows of at most {@code maxN} entries. */
    public RowOrder(int maxN) {
        if (maxN < 1) {
            throw new IllegalArgumentException("maxN must be at least 1, not " + maxN);
        }
        entries = new long[maxN];
        sort = new KeySort(maxN);
        before = new double[maxN + 1];
    }

    /**
     * Orders the row {@code values[0..n)}, which is not modified and not kept.
     *
     * @throws NonFiniteException       if an entry is NaN or infinite
     * @throws IllegalArgumentException if the row is longer than {@code maxN}
     */
    public void order(float[] values, int n) {
        if (n > entries.length) {
            throw new IllegalArgumentException("a row of " + n + " entries in a RowOrder for " + entries.length);
        }
        Magnitudes.largestKey(values, n);
        int count = 0;
        for (int i = 0; i < n; i++) {
            int key = Magnitudes.key(values[i]);
            if (key != 0) {
                entries[count++] = KeySort.entry(key, i);
            }
        }
        sort.sort(entries, count);
        double sum = 0;
        for (int k = 0; k < count; k++) {
            sum += Magnitudes.magnitude(KeySort.key(entries[k]));
            before[k + 1] = sum;
        }
        this.n = n;
        nonZero = count;
    }

    /** How many entries of the row are not zero: what p ≥ 1 keeps. */
    public int nonZero() {
        return nonZero;
    }

    /**
     * How many entries top-p keeps of the row.
     *
     * @throws IllegalArgumentException if p is negative or NaN
     */
    public int kept(double p) {
        TopP.checkShare(p);
        if (p >= 1) {
            return nonZero;
        }
        double target = p * before[nonZero];
        // The sums rise, so the entries with a smaller sum before them are a prefix: find its length.
        int low = 0;
        int high = nonZero;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (before[middle] < target) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /**
     * What top-p keeps of the row, as {@link Rule#keep} gives it.
     *
     * @param kept result: bit j is set if entry j is kept; the row's {@code (n + 63) / 64} words are overwritten whole
     * @return how many entries are kept
     * @throws IllegalArgumentException if p is negative or NaN
     */
    public int keep(double p, long[] kept) {
        int count = kept(p);
        Arrays.fill(kept, 0, n + 63 >> 6, 0);
        for (int k = 0; k < count; k++) {
            int index = KeySort.index(entries[k]);
            kept[index >> 6] |= 1L << index;
        }
        return count;
    }
}
