/**
 * How sparse before worse: critical sparsity of a measured curve and its uncertainty.
 *
 * <p>A {@link org.lacuna.sparsity.critical.WindowedCurve} holds what was measured, window by window. Pooled over all windows, or over a
 * bootstrap draw of them, it gives a {@link org.lacuna.sparsity.critical.Curve} of loss over sparsity;
 * {@link org.lacuna.sparsity.critical.CriticalSparsity} and {@link org.lacuna.sparsity.critical.AbsoluteQuality} read
 * {@link org.lacuna.sparsity.critical.Estimates} off a curve, and {@link org.lacuna.sparsity.critical.PairedBootstrap} repeats that on draws
 * for an interval. {@link org.lacuna.sparsity.critical.QualityBar} does the reading for any quality that is a sum over examples, and
 * {@link org.lacuna.sparsity.critical.Coverage} says how often intervals cover. {@link org.lacuna.sparsity.critical.SeedBootstrap} takes the mean over models
 * that were trained alike; {@link org.lacuna.sparsity.critical.LevelExchange} tests whether a level is above another by more than chance.
 */
package org.lacuna.sparsity.critical;
