package org.lacuna.sparsity.rule;

import java.util.List;

/** Keeps every non-zero entry: the row passes unchanged, and what counts as sparse is its exact zeros. No parameters. */
final class None implements Rule {
    @Override
    public String name() {
        return "none";
    }

    @Override
    public int code() {
        return 0;
    }

    /** It has no parameter. */
    @Override
    public List<Double> grid() {
        return List.of();
    }

    @Override
    public boolean keepsAll(double parameter) {
        return true;
    }

    @Override
    public boolean elementwise() {
        return true;
    }

    @Override
    public int keep(float[] values, int n, double[] parameters, int offset, long[] kept, RowScratch scratch) {
        scratch.checkHolds(n);
        Magnitudes.largestKey(values, n);
        return Magnitudes.keepFrom(values, n, 1, kept);
    }
}
