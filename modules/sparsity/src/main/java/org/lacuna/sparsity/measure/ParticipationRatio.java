package org.lacuna.sparsity.measure;

/**
 * {@code (Σ x²)² / Σ x⁴}, in entries that share the row's energy: 1 for a single non-zero to n for a row of constant magnitude; <em>smaller</em> is
 * sparser. Appended zeros do not change it. NaN for a row of zeros.
 */
final class ParticipationRatio implements Measure {
    @Override
    public String name() {
        return "participation_ratio";
    }

    @Override
    public String unit() {
        return "elements, fewer is sparser";
    }

    @Override
    public double of(float[] values, int n, MeasureScratch scratch) {
        scratch.check(values, n);
        double squares = 0;
        double fourths = 0;
        for (int i = 0; i < n; i++) {
            double square = (double) values[i] * values[i];
            squares += square;
            fourths += square * square;
        }
        return squares * squares / fourths;
    }
}
