package org.lacuna.sparsity.critical;

import java.util.List;

/**
 * Loss over sparsity of one model at one site under one rule; or, where a {@link QualityBar} reads it, any other quality's mean for the loss.
 *
 * @param denseLoss mean loss in nats a scored token of the run without a rule, on the same windows
 * @param points    the runs with the rule, in the order of the grid; at least one
 */
public record Curve(double denseLoss, List<CurvePoint> points) {
    /** The 26 values of p that the paper measures (arXiv 2509.00454), densest first. */
    public static final List<Double> PAPER_GRID = List.of(
            1.0, 0.995, 0.99, 0.985, 0.98, 0.975, 0.97, 0.96, 0.95, 0.94, 0.93, 0.92, 0.91, 0.90,
            0.85, 0.80, 0.75, 0.70, 0.65, 0.60, 0.50, 0.40, 0.30, 0.20, 0.10, 0.0);

    /** Half of them, both ends among them, where a curve is wanted quickly. */
    public static final List<Double> COARSE_GRID = List.of(1.0, 0.985, 0.975, 0.96, 0.94, 0.92, 0.90, 0.80, 0.70, 0.60, 0.40, 0.20, 0.0);

    /** Checks that there is a finite dense loss and a point. */
    public Curve {
        if (!Double.isFinite(denseLoss)) {
            throw new IllegalArgumentException("the dense loss is " + denseLoss);
        }
        if (points.isEmpty()) {
            throw new IllegalArgumentException("a curve needs at least one point");
        }
        points = List.copyOf(points);
    }
}
