package org.lacuna.sparsity.rule;

import java.util.Arrays;
import java.util.List;

/**
 * An absolute threshold: what is at least as large as θ (with a θ for each layer, TEAL, arXiv 2408.14690, and CATS, arXiv 2404.08763). One
 * parameter, θ ≥ 0.
 *
 * <pre>
 * keep v_j where |v_j| ≥ θ   and v_j ≠ 0
 * </pre>
 *
 * <p>Exactly: the comparison is one of doubles. θ = 0 keeps every non-zero, an infinite θ nothing.
 */
final class Threshold implements Rule {
    @Override
    public String name() {
        return "threshold";
    }

    @Override
    public int code() {
        return 5;
    }

    /** It depends on how large the model's activations are. */
    @Override
    public List<Double> grid() {
        return List.of();
    }

    @Override
    public boolean keepsAll(double parameter) {
        return parameter <= 0;
    }

    @Override
    public boolean elementwise() {
        return true;
    }

    @Override
    public int keep(float[] values, int n, double[] parameters, int offset, long[] kept, RowScratch scratch) {
        double theta = parameters[offset];
        if (!(theta >= 0)) {
            throw new IllegalArgumentException("threshold needs a magnitude >= 0 (0 keeps every non-zero), not " + theta);
        }
        scratch.checkHolds(n);
        Magnitudes.largestKey(values, n);
        int key = Magnitudes.leastKey(theta);
        if (key >= Magnitudes.INFINITE) {
            Arrays.fill(kept, 0, n + 63 >> 6, 0);
            return 0;
        }
        return Magnitudes.keepFrom(values, n, key, kept);
    }
}
