package org.lacuna.training;

import java.util.List;
import java.util.Optional;

/**
 * What an optimizer step measured, before its update.
 *
 * @param step from 1
 * @param loss mean −ln p over the scored tokens of the batch, nats
 * @param penalties each of the objective's
 * @param distilled how far the model is from its teacher, where it has one
 * @param zeros exact zeros in the intermediate vectors / their elements
 * @param dead elements of the layers' intermediate vectors that were 0 at every scored token of the batch / their number
 * @param learningRate of this step
 * @param gradientNorm L2 norm of the objective's gradient, before clipping
 * @param tokens scored in this step
 */
public record StepMetrics(long step, double loss, List<PenaltyMetrics> penalties, Optional<Distilled> distilled, double zeros, double dead, double learningRate,
        double gradientNorm, int tokens) {

    /**
     * Distances from a teacher.
     *
     * @param logits mean τ² · KL(teacher ‖ model) over scored tokens, nats; 0 where it is not part of the objective
     * @param hidden mean squared difference of the residual streams after each layer, over layers and scored tokens; 0 where it is not
     */
    public record Distilled(double logits, double hidden) {}

    /**
     * One of the objective's penalties in a step.
     *
     * @param name kind and site
     * @param value mean over layers and scored tokens
     * @param lambda its weight in this step
     * @param zeros exact zeros at its site / elements
     */
    public record PenaltyMetrics(String name, double value, double lambda, double zeros) {}
}
