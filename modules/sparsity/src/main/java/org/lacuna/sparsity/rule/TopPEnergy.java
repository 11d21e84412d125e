package org.lacuna.sparsity.rule;

import java.util.Arrays;

/**
 * Top-p by the squares of magnitudes: the fewest largest entries that hold the share p of the row's energy Σv². One parameter, p ≥ 0.
 *
 * <p>Exactly as {@code top_p}, with v² in the place of |v|: entries by falling |v|, equal ones by rising index; squares are of doubles, which
 * holds them without rounding, and are added one by one in that order; an entry is kept while the sum before it is below {@code p * total}.
 * p ≥ 1 keeps every non-zero, p = 0 nothing.
 */
final class TopPEnergy implements Rule {
    @Override
    public String name() {
        return "top_p_energy";
    }

    @Override
    public int code() {
        return 6;
    }

    @Override
    public int keep(float[] values, int n, double[] parameters, int offset, long[] kept, RowScratch scratch) {
        double p = parameters[offset];
        if (!(p >= 0)) {
            throw new IllegalArgumentException("top_p_energy needs p >= 0 (1 or more keeps every non-zero), not " + p);
        }
        scratch.checkHolds(n);
        Magnitudes.largestKey(values, n);
        if (p >= 1) {
            return Magnitudes.keepFrom(values, n, 1, kept);
        }
        int sorted = scratch.sorted(values, n, 1, Magnitudes.INFINITE);
        double total = 0;
        for (int i = 0; i < sorted; i++) {
            total += energy(scratch.entries[i]);
        }
        double target = p * total;
        int taken = 0;
        double sum = 0;
        while (taken < sorted && sum < target) {
            sum += energy(scratch.entries[taken++]);
        }
        if (taken == 0) {
            Arrays.fill(kept, 0, n + 63 >> 6, 0);
            return 0;
        }
        int edge = KeySort.key(scratch.entries[taken - 1]);
        int ties = 1;
        while (ties < taken && KeySort.key(scratch.entries[taken - 1 - ties]) == edge) {
            ties++;
        }
        return Magnitudes.keepFrom(values, n, edge, ties, kept);
    }

    private static double energy(long entry) {
        double magnitude = Magnitudes.magnitude(KeySort.key(entry));
        return magnitude * magnitude;
    }
}
