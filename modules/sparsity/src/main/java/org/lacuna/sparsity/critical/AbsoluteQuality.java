package org.lacuna.sparsity.critical;

import org.lacuna.sparsity.critical.QualityBar.Better;
import org.lacuna.sparsity.critical.QualityBar.Relation;
import org.lacuna.sparsity.critical.QualityBar.Scale;

/**
 * Sparsity at an absolute quality: the most that can be left out while a model's loss stays within a factor of another's, the dense
 * control's say. Unlike a bar relative to the model's own dense loss it doesn't reward a worse model. {@code linear} interpolates sparsity
 * in the loss.
 */
public final class AbsoluteQuality {
    private AbsoluteQuality() {
    }

    /**
     * The level of a curve at which its loss is at most {@code referenceLoss * factor}, by each estimator.
     *
     * @param referenceLoss mean loss in nats a scored token, on the same windows; above 0 and finite
     * @param factor        1.01 for 1 % more loss; above 0 and finite
     * @throws IllegalArgumentException if a number is outside its range
     */
    public static Estimates of(Curve curve, double referenceLoss, double factor) {
        if (!(referenceLoss > 0 && referenceLoss < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("a reference loss is above 0 and finite, not " + referenceLoss);
        }
        if (!(factor > 0 && factor < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("a factor on the reference loss is above 0 and finite, not " + factor);
        }
        return new QualityBar(Scale.MEAN, Better.SMALLER, Relation.ABSOLUTE, referenceLoss * factor).levels(curve);
    }
}
