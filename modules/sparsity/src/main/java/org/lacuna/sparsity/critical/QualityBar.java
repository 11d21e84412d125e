package org.lacuna.sparsity.critical;

import java.util.Locale;

/**
 * How bad is still good enough, of any quality that is a sum over examples by a sum of weights over the same: the loss of a token, a right answer, the error
 * of a layer's output. A {@link WindowedCurve} holds the sums; a curve's mean is taken to a {@link Scale} and must be on the right side of a limit.
 * {@link Estimator#LINEAR} interpolates sparsity in the scale's number.
 *
 * <table>
 * <caption>Bars</caption>
 * <tr><th>bar</th><th>a window's sum</th><th>its weight</th></tr>
 * <tr><td>{@link #perplexity}</td><td>loss in nats</td><td>scored tokens</td></tr>
 * <tr><td>{@link #bitsPerByte}</td><td>loss in nats</td><td>bytes of the scored tokens, by {@link WindowedCurve#over}</td></tr>
 * <tr><td>{@link #accuracy}</td><td>right answers, or scores</td><td>examples</td></tr>
 * <tr><td>{@link #outputError}</td><td>each token's relative error of the output</td><td>tokens (and layers)</td></tr>
 * <tr><td>{@link #frobeniusError}</td><td>squared errors of the output</td><td>its squares, by {@link WindowedCurve#over}</td></tr>
 * </table>
 *
 * @param scale    what becomes of a mean
 * @param better   which way is better
 * @param relation what the bar is held against
 * @param bar      the worst that holds: times dense, at least 1 where smaller is better, above 0 and at most 1 where larger is; or a number of the scale
 */
public record QualityBar(Scale scale, Better better, Relation relation, double bar) {

    /** What a mean over examples is taken to before it is compared. */
    public enum Scale {
        /** The mean as it is. */
        MEAN,
        /** {@code exp(mean)}, a perplexity; relative to dense {@code exp(mean - dense)}, so that it is dense that is 1. */
        EXP,
        /** {@code mean / ln 2}: nats to bits. */
        BITS,
        /** The square root of a mean that is not negative. */
        ROOT;

        private double of(double mean, double origin) {
            return switch (this) {
                case MEAN -> mean;
                case EXP -> Math.exp(mean - origin);
                case BITS -> mean / Math.log(2);
                case ROOT -> Math.sqrt(mean);
            };
        }
    }

    /** Which way is better. */
    public enum Better {
        /** Losses and errors: at most the limit. */
        SMALLER,
        /** Accuracies and scores: at least the limit. */
        LARGER
    }

    /** What the bar is held against. */
    public enum Relation {
        /** The limit is the bar times the scale's number of the run without a rule, which must not be negative. */
        TIMES_DENSE,
        /** The limit is the bar. */
        ABSOLUTE
    }

    /** Checks the range. */
    public QualityBar {
        boolean worseThanDense = better == Better.SMALLER ? bar >= 1 && bar < Double.POSITIVE_INFINITY : bar > 0 && bar <= 1;
        if (relation == Relation.TIMES_DENSE && !worseThanDense) {
            throw new IllegalArgumentException("a bar times dense is " + (better == Better.SMALLER ? "at least 1 and finite" : "above 0 and at most 1")
                    + " where " + better.name().toLowerCase(Locale.ROOT) + " is better, not " + bar);
        }
        if (Double.isNaN(bar)) {
            throw new IllegalArgumentException("a bar is a number, not NaN");
        }
    }

    /** Perplexity relative to dense. */
    public static QualityBar perplexity(Bar bar) {
        return new QualityBar(Scale.EXP, Better.SMALLER, Relation.TIMES_DENSE, bar.perplexityRatio());
    }

    /**
     * Accuracy, or another mean score, over all examples alike (micro averaged): at least a share of dense.
     *
     * @param share 0.99 in the paper (arXiv 2509.00454)
     */
    public static QualityBar accuracy(double share) {
        return new QualityBar(Scale.MEAN, Better.LARGER, Relation.TIMES_DENSE, share);
    }

    /** Bits a byte, {@code nats / (bytes ln 2)}, at most so many times dense: comparable over tokenizers, unlike a loss per token. */
    public static QualityBar bitsPerByte(double timesDense) {
        return new QualityBar(Scale.BITS, Better.SMALLER, Relation.TIMES_DENSE, timesDense);
    }

    /**
     * The mean over tokens of the norm of what is missing from a block's output by the output's norm, at most so much: CETT where what is missing is the
     * sum of the left out neurons' parts (Song et al., ProSparse, arXiv 2402.13516). Dense is 0.
     */
    public static QualityBar outputError(double most) {
        return new QualityBar(Scale.MEAN, Better.SMALLER, Relation.ABSOLUTE, most);
    }

    /** The relative Frobenius error {@code sqrt(sum |error|² / sum |output|²)} over all tokens, at most so much. Dense is 0. */
    public static QualityBar frobeniusError(double most) {
        return new QualityBar(Scale.ROOT, Better.SMALLER, Relation.ABSOLUTE, most);
    }

    /**
     * The most sparsity that holds the bar, by each estimator.
     *
     * @param curve of means that the bar's scale takes; its losses are whatever was summed
     * @throws IllegalArgumentException if the scale has no number for a mean, or dense is negative and the bar relative to it
     */
    public Estimates levels(Curve curve) {
        double limit = limit(curve.denseLoss());
        return Estimates.of(curve, point -> cost(point.loss(), curve.denseLoss()), limit);
    }

    /**
     * Whether a mean holds the bar.
     *
     * @param dense of the run without a rule
     * @throws IllegalArgumentException as {@link #levels} does
     */
    boolean holds(double mean, double dense) {
        return cost(mean, dense) <= limit(dense);
    }

    /** Larger is better with the signs turned: the same comparisons, the same roundings. */
    private double cost(double mean, double dense) {
        return sign() * scaled(mean, origin(dense));
    }

    private double limit(double dense) {
        if (relation == Relation.ABSOLUTE) {
            return sign() * bar;
        }
        double number = scaled(dense, origin(dense));
        if (number < 0) {
            throw new IllegalArgumentException("a bar relative to dense needs a dense quality of 0 or more, not " + number);
        }
        return sign() * (bar * number);
    }

    private double origin(double dense) {
        return relation == Relation.TIMES_DENSE ? dense : 0;
    }

    private double sign() {
        return better == Better.SMALLER ? 1 : -1;
    }

    private double scaled(double mean, double origin) {
        double number = scale.of(mean, origin);
        if (Double.isNaN(number)) {
            throw new IllegalArgumentException("the scale " + scale + " has no number for a mean of " + mean);
        }
        return number;
    }
}
