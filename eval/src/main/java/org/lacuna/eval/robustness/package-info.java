/**
 * How much of a model's feed-forward activations can be left out before it gets worse:
 * {@link org.lacuna.eval.robustness.Robustness} measures a model on windows of text with a rule at each site,
 * {@link org.lacuna.eval.robustness.RobustnessResult} is what it finds, window by window, as a kept result's file holds it.
 */
package org.lacuna.eval.robustness;
