package org.lacuna.sparsity.rule;

import java.util.Arrays;
import java.util.List;

/**
 * Max-p: what is at least the share p of the row's largest magnitude (arXiv 2509.00454). One parameter, p ≥ 0.
 *
 * <pre>
 * keep v_j where |v_j| ≥ p · max |v|   and v_j ≠ 0
 * </pre>
 *
 * <p>Exactly: the product is one of doubles, the comparison too. p = 0 keeps every non-zero, p = 1 the largest entry and those equal to it,
 * p above 1 nothing.
 */
final class MaxP implements Rule {
    @Override
    public String name() {
        return "max_p";
    }

    @Override
    public int code() {
        return 4;
    }

    /** Finer where the rule leaves little, as there curves are steep. */
    @Override
    public List<Double> grid() {
        return List.of(0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.14, 0.16, 0.18, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1);
    }

    @Override
    public boolean keepsAll(double parameter) {
        return parameter <= 0;
    }

    @Override
    public int keep(float[] values, int n, double[] parameters, int offset, long[] kept, RowScratch scratch) {
        double p = parameters[offset];
        if (!(p >= 0)) {
            throw new IllegalArgumentException("max_p needs p >= 0 (0 keeps every non-zero, 1 the largest), not " + p);
        }
        scratch.checkHolds(n);
        double least = p * Magnitudes.magnitude(Magnitudes.largestKey(values, n));
        int key = Magnitudes.leastKey(least);
        if (key >= Magnitudes.INFINITE) {
            Arrays.fill(kept, 0, n + 63 >> 6, 0);
            return 0;
        }
        return Magnitudes.keepFrom(values, n, key, kept);
    }
}
