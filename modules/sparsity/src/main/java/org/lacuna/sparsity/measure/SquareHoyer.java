package org.lacuna.sparsity.measure;

/**
 * {@code ‖x‖₁² / ‖x‖₂²}, in entries: 1 for a single non-zero to n for a constant row; <em>smaller</em> is sparser. Appended zeros do not change it.
 * (H. Yang, W. Wen and H. Li, DeepHoyer, ICLR 2020, arXiv 1908.09979.) NaN for a row of zeros.
 */
final class SquareHoyer implements Measure {
    @Override
    public String name() {
        return "square_hoyer";
    }

    @Override
    public String unit() {
        return "elements, fewer is sparser";
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
        return sum * sum / squares;
    }
}
