package org.lacuna.sparsity.measure;

/**
 * The share of entries that are small beside the largest: {@code |x_j| < ε · max|x|} with ε = {@value #EPSILON}, a product and a comparison of
 * doubles. From 0 to 1 − 1/n, larger is sparser; 1 for a row of zeros, all of which are near zero though none is below ε · 0. It says what max-p at p
 * = ε would leave out.
 */
final class NearZeros implements Measure {
    static final double EPSILON = 0.01;

    @Override
    public String name() {
        return "near_zeros";
    }

    @Override
    public String unit() {
        return "share of |x| < " + EPSILON + " · max |x|";
    }

    @Override
    public double of(float[] values, int n, MeasureScratch scratch) {
        scratch.check(values, n);
        double largest = 0;
        for (int i = 0; i < n; i++) {
            largest = Math.max(largest, Math.abs(values[i]));
        }
        if (largest == 0) {
            return 1;
        }
        double edge = EPSILON * largest;
        int near = 0;
        for (int i = 0; i < n; i++) {
            near += Math.abs(values[i]) < edge ? 1 : 0;
        }
        return near / (double) n;
    }
}
