/**
 * How sparse before worse: critical sparsity of a measured curve and its uncertainty.
 *
 * <p>A {@link org.lacuna.sparsity.critical.WindowedCurve} holds what was measured, window by window. Pooled over all windows, or over a
 * bootstrap draw of them, it gives a {@link org.lacuna.sparsity.critical.Curve} of loss over sparsity;
 * {@link org.lacuna.sparsity.critical.CriticalSparsity} and {@link org.lacuna.sparsity.critical.AbsoluteQuality} read
 * {@link org.lacuna.sparsity.critical.Estimates} off a curve, and {@link org.lacuna.sparsity.critical.PairedBootstrap} repeats that on draws
 * for an interval.
 */
package org.lacuna.sparsity.critical;
