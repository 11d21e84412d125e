package org.lacuna.training.run;

import org.lacuna.training.progress.Pace;

/** Measures how fast a run goes; only the steps themselves count, no validation and no checkpoint. */
final class PaceMeter {
    private static final double NANOS = 1e-9;

    private final double flopsPerToken;
    private final int tokensPerStep;
    private final int steps;
    private long sinceReport;
    private int stepsSinceReport;
    private long whole;
    private int wholeSteps;

    PaceMeter(double flopsPerToken, int tokensPerStep, int steps) {
        this.flopsPerToken = flopsPerToken;
        this.tokensPerStep = tokensPerStep;
        this.steps = steps;
    }

    void add(long nanos) {
        sinceReport += nanos;
        stepsSinceReport++;
        whole += nanos;
        wholeSteps++;
    }

    /** The pace since the report before this one. */
    Pace report(long step) {
        double perStep = sinceReport * NANOS / stepsSinceReport;
        double tokens = tokensPerStep / perStep;
        Pace pace = new Pace(perStep, tokens, tokens * flopsPerToken * NANOS, (steps - step) * (whole * NANOS / wholeSteps));
        sinceReport = 0;
        stepsSinceReport = 0;
        return pace;
    }
}
