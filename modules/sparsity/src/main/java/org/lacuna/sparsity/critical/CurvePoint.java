package org.lacuna.sparsity.critical;

/**
 * One run with a rule, over a set of windows.
 *
 * @param p        the rule's parameter
 * @param loss     mean loss in nats a scored token; may be infinite, not NaN
 * @param sparsity zeros after the rule / elements, pooled over layers and tokens, in [0, 1]
 */
public record CurvePoint(double p, double loss, double sparsity) {
    /** Checks the ranges. */
    public CurvePoint {
        if (Double.isNaN(loss)) {
            throw new IllegalArgumentException("the loss at p = " + p + " is NaN");
        }
        if (!(sparsity >= 0 && sparsity <= 1)) {
            throw new IllegalArgumentException("the sparsity at p = " + p + " is " + sparsity + ", not in [0, 1]");
        }
    }
}
