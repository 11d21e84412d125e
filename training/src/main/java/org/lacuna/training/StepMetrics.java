package org.lacuna.training;

/**
 * What an optimizer step measured, before its update.
 *
 * @param step from 1
 * @param loss mean −ln p over the scored tokens of the batch, nats
 * @param penalty mean over layers and scored tokens of Σ_j |i_j|
 * @param lambda the penalty's weight in this step
 * @param zeros exact zeros in the intermediate vectors / their elements
 * @param learningRate of this step
 * @param gradientNorm L2 norm of the objective's gradient, before clipping
 * @param tokens scored in this step
 */
public record StepMetrics(long step, double loss, double penalty, double lambda, double zeros, double learningRate,
        double gradientNorm, int tokens) {}
