package org.lacuna.sparsity.measure;

/** The share of entries that are exactly 0, of either sign: 0 to 1, larger is sparser. Defined for every row. */
final class ExactZeros implements Measure {
    @Override
    public String name() {
        return "exact_zeros";
    }

    @Override
    public String unit() {
        return "share of the elements";
    }

    @Override
    public double of(float[] values, int n, MeasureScratch scratch) {
        scratch.check(values, n);
        int zeros = 0;
        for (int i = 0; i < n; i++) {
            zeros += values[i] == 0 ? 1 : 0;
        }
        return zeros / (double) n;
    }
}
