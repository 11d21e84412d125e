package org.lacuna.sparsity.measure;

import java.util.function.DoubleUnaryOperator;

/**
 * The CETT that costs a model p per cent of perplexity, and with it the sparsity that Sparsing Law calls PPL-p % (arXiv 2411.02335):
 *
 * <pre>
 * the largest CETT in [0, 1] with exp(loss with it − loss without) ≤ 1 + p / 100
 * </pre>
 *
 * <p>Every layer gets the threshold of that CETT, {@link CettCurve#within}; the sparsity is what the model then has. By halving, so it is the largest
 * only if the loss rises with the CETT; else it is one where the bar is kept, next to one where it is broken.
 *
 * @param percent      p
 * @param cett         the largest that kept the bar
 * @param lossIncrease there: nats a token
 * @param beyond       the smallest above it that broke the bar, at most {@link #TOLERANCE} away; NaN where none did, and {@code cett} is 1
 * @param evaluations  how often the loss was asked for
 */
public record PerplexityCett(double percent, double cett, double lossIncrease, double beyond, int evaluations) {
    /** How close {@link #cett} and {@link #beyond} come, as in the paper. */
    public static final double TOLERANCE = 1e-6;

    /**
     * Finds it, in at most 22 evaluations: of CETT 1, 0, and 20 between.
     *
     * @param percent      p, 0 or more
     * @param lossIncrease by CETT: mean loss of a token, in nats, with every layer's threshold at that CETT, less that of the model as it is
     * @throws IllegalArgumentException if the bar is broken at CETT 0 already, where nothing that matters is left out: the losses are not of the same
     *                                  model and text
     * @throws ArithmeticException      if an increase is NaN; an infinite one breaks the bar
     */
    public static PerplexityCett of(double percent, DoubleUnaryOperator lossIncrease) {
        if (!(percent >= 0 && percent < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("a rise of perplexity is 0 % or more, not " + percent + " %");
        }
        double most = Math.log1p(percent / 100);
        double last = increase(lossIncrease, 1);
        if (last <= most) {
            return new PerplexityCett(percent, 1, last, Double.NaN, 1);
        }
        double kept = increase(lossIncrease, 0);
        if (kept > most) {
            throw new IllegalArgumentException("the loss rises by " + kept + " at CETT 0, more than the " + most + " that " + percent + " % allow");
        }
        int evaluations = 2;
        double within = 0;
        double beyond = 1;
        while (beyond - within > TOLERANCE) {
            double middle = (within + beyond) / 2;
            double increase = increase(lossIncrease, middle);
            evaluations++;
            if (increase <= most) {
                within = middle;
                kept = increase;
            } else {
                beyond = middle;
            }
        }
        return new PerplexityCett(percent, within, kept, beyond, evaluations);
    }

    private static double increase(DoubleUnaryOperator lossIncrease, double cett) {
        double increase = lossIncrease.applyAsDouble(cett);
        if (Double.isNaN(increase)) {
            throw new ArithmeticException("the increase of loss at CETT " + cett + " is NaN");
        }
        return increase;
    }
}
