/**
 * From what a user names to results: {@link org.lacuna.eval.measure.Evaluation} takes one model and a corpus to a result and knows where a
 * run's folder keeps it, {@link org.lacuna.eval.measure.Measuring} gets the results of several,
 * {@link org.lacuna.eval.measure.Baselines} what else predicts the same text.
 */
package org.lacuna.eval.measure;
