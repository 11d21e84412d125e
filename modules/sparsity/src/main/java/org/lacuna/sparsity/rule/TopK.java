package org.lacuna.sparsity.rule;

import java.util.Arrays;

/**
 * Top-k: the largest magnitudes, a fixed share of the row (Q-Sparse, arXiv 2407.10969; "k" of k / n). One parameter, 0 ≤ fraction ≤ 1.
 *
 * <p>Exactly: of the entries by falling |v|, equal ones by rising index, the first ⌊n · fraction + 10⁻⁹⌋ are kept, save for zeros,
 * which never are.
 *
 * <p>Entries are counted by the top bits of their magnitude; only those that share them with the last one kept are sorted.
 */
final class TopK implements Rule {
    /** A bucket is named by the bits of its keys above these. */
    private static final int SHIFT = 20;
    private static final int BUCKETS = TopP.BUCKETS;
    private static final double ROUNDING = 1e-9;

    @Override
    public String name() {
        return "top_k";
    }

    @Override
    public int code() {
        return 3;
    }

    @Override
    public int keep(float[] values, int n, double[] parameters, int offset, long[] kept, RowScratch scratch) {
        double fraction = parameters[offset];
        if (!(fraction >= 0 && fraction <= 1)) {
            throw new IllegalArgumentException("top_k needs a fraction from 0 (keeps nothing) to 1 (keeps every non-zero), not " + fraction);
        }
        scratch.checkHolds(n);
        int top = Magnitudes.largestKey(values, n) >>> SHIFT;
        int wanted = (int) (n * fraction + ROUNDING);
        if (wanted == 0) {
            Arrays.fill(kept, 0, n + 63 >> 6, 0);
            return 0;
        }
        if (wanted >= n) {
            return Magnitudes.keepFrom(values, n, 1, kept);
        }
        long[] counts = scratch.units;
        Arrays.fill(counts, 0);
        for (int i = 0; i < n; i++) {
            counts[Math.min(top - (Magnitudes.key(values[i]) >>> SHIFT), BUCKETS - 1)]++;
        }
        int before = 0;
        int rank = 0;
        while (before + counts[rank] < wanted) {
            before += (int) counts[rank++];
        }
        int least = rank == BUCKETS - 1 ? 0 : top - rank << SHIFT;
        int sorted = scratch.sorted(values, n, Math.max(least, 1), (top - rank + 1 << SHIFT) - 1);
        int inBucket = wanted - before;
        if (inBucket > sorted) {
            return Magnitudes.keepFrom(values, n, 1, kept); // what is missing are zeros
        }
        int edge = KeySort.key(scratch.entries[inBucket - 1]);
        int ties = 1;
        while (ties < inBucket && KeySort.key(scratch.entries[inBucket - 1 - ties]) == edge) {
            ties++;
        }
        return Magnitudes.keepFrom(values, n, edge, ties, kept);
    }
}
