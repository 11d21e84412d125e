package org.lacuna.eval.robustness;

import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;

/**
 * A sparsity read off a curve.
 *
 * @param estimator how
 * @param level     over all windows
 * @param interval  over draws of the windows
 */
public record Estimate(Estimator estimator, Level level, Interval interval) {
}
