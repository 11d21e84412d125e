package org.lacuna.sparsity.measure;

/**
 * Hoyer's measure, normalised: {@code (√n − ‖x‖₁/‖x‖₂) / (√n − 1)} (P. O. Hoyer, Non-negative Matrix Factorization with Sparseness Constraints, JMLR
 * 5, 2004). 0 for a constant row to 1 for a single non-zero; larger is sparser. NaN for a row of zeros, and for n = 1, where a row is both.
 */
final class Hoyer implements Measure {
    @Override
    public String name() {
        return "hoyer";
    }

    @Override
    public String unit() {
        return "0 to 1, larger is sparser";
    }

    @Override
    public double of(float[] values, int n, MeasureScratch scratch) {
        scratch.check(values, n);
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < n; i++) {
            double magnitude = Math.abs(values[i]);
            sum += magnitude;
            squares += magnitude * magnitude;
        }
        double most = Math.sqrt(n);
        // Rounding may pass the ends; 0 / 0 stays NaN.
        return Math.max(0, Math.min(1, (most - sum / Math.sqrt(squares)) / (most - 1)));
    }
}
