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

    /** Sorts the entries of a row with keys in the range into {@code entries}, the largest first, and says how many they are. Their indices mean nothing. */
    int sorted(float[] values, int n, int leastKey, int largestKey) {
        int count = 0;
        for (int i = 0; i < n; i++) {
            int key = Magnitudes.key(values[i]);
            keys[count] = key;
            // A branch here would be mispredicted time and again.
            count += 1 ^ (key - leastKey | largestKey - key) >>> 31;
        }
        for (int i = 0; i < count; i++) {
            entries[i] = KeySort.entry(keys[i], i);
        }
        sort.sort(entries, count);
        return count;
    }
}
