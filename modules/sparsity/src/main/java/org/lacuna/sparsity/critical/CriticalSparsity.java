package org.lacuna.sparsity.critical;

/**
 * Critical sparsity: the most that can be left out before a model gets worse than a {@link Bar} relative to its own dense run.
 * For accuracy the paper puts the bar at 99 % of dense (arXiv 2509.00454); here the perplexity ratio
 * {@code exp(loss - dense loss)} takes its place, and {@code linear} interpolates sparsity in that ratio.
 * {@link QualityBar} has the bars of other qualities, that one too.
 */
public final class CriticalSparsity {
    private CriticalSparsity() {
    }

    /** The critical sparsity of a curve by each estimator. */
    public static Estimates of(Curve curve, Bar bar) {
        return QualityBar.perplexity(bar).levels(curve);
    }
}
