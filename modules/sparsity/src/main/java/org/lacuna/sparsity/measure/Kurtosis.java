package org.lacuna.sparsity.measure;

/**
 * Kurtosis of the row's entries with their signs: {@code m₄ / m₂²} of the central moments {@code m_k = Σ (x_j − mean)^k / n}. Pearson's, so that a
 * normal distribution has 3, not 0, and of the row as it is, without a correction for its length. At least 1; larger has heavier tails. NaN where all
 * entries are equal, a row of zeros and n = 1 among them.
 */
final class Kurtosis implements Measure {
    @Override
    public String name() {
        return "kurtosis";
    }

    @Override
    public String unit() {
        return "3 of a normal distribution";
    }

    @Override
    public double of(float[] values, int n, MeasureScratch scratch) {
        scratch.check(values, n);
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += values[i];
        }
        // Exact for equal entries, since a double holds every multiple of a float up to the 2^29th: their moments are 0, not noise.
        double mean = sum / n;
        double squares = 0;
        double fourths = 0;
        for (int i = 0; i < n; i++) {
            double square = (values[i] - mean) * (values[i] - mean);
            squares += square;
            fourths += square * square;
        }
        return n * fourths / (squares * squares);
    }
}
