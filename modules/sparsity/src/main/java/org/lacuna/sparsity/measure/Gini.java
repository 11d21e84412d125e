package org.lacuna.sparsity.measure;

/**
 * The Gini index of the magnitudes, a number of their Lorenz curve:
 *
 * <pre>
 * 1 − 2 Σ_k (|x|_(k) / ‖x‖₁) · (n − k + ½) / n      with |x|_(1) ≤ … ≤ |x|_(n)
 * </pre>
 *
 * <p>0 for a constant row (n = 1 is one) to 1 − 1/n for a single non-zero; larger is sparser. It alone of the measures here meets all six of Hurley
 * and Rickard's axioms (Comparing Measures of Sparsity, arXiv 0811.4706). NaN for a row of zeros, which has no shares.
 */
final class Gini implements Measure {
    @Override
    public String name() {
        return "gini";
    }

    @Override
    public String unit() {
        return "0 to 1, larger is sparser";
    }

    @Override
    public double of(float[] values, int n, MeasureScratch scratch) {
        scratch.check(values, n);
        int[] rising = scratch.risingMagnitudes(values, n);
        double sum = 0;
        double weighted = 0;
        for (int k = 1; k <= n; k++) {
            double magnitude = Float.intBitsToFloat(rising[k - 1]);
            sum += magnitude;
            weighted += magnitude * (n - k + 0.5);
        }
        // A constant row's rounding may fall below 0; 0 / 0 stays NaN.
        return Math.max(0, 1 - 2 * weighted / (sum * n));
    }
}
