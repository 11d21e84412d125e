package org.lacuna.sparsity.rule;

/** Buffers that rules work in, so that deciding on a row allocates nothing. Made once for rows of up to a size; one per thread. */
public final class RowScratch {
    /** The mass in each of top-p's buckets of magnitude. */
    final long[] units = new long[TopP.BUCKETS];
    final int[] keys;
    final long[] entries;
    final KeySort sort;

    /**
     * Buffers for rows of at most {@code maxN} entries: about 20 bytes an entry.
     *
     * @throws IllegalArgumentException if {@code maxN} is below 1
     */
    public RowScratch(int maxN) {
        if (maxN < 1) {
            throw new IllegalArgumentException("maxN must be at least 1, not " + maxN);
        }
        keys = new int[maxN];
        entries = new long[maxN];
        sort = new KeySort(maxN);
    }

    void checkHolds(int n) {
        if (n > keys.length) {
            throw new IllegalArgumentException("a row of " + n + " entries in a scratch for " + keys.length);
        }
    }
}
