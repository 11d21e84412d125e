package org.lacuna.training.sweep;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.deeplearning4j.arbiter.optimize.api.data.DataProvider;
import org.deeplearning4j.arbiter.optimize.api.data.DataSource;
import org.deeplearning4j.arbiter.optimize.api.score.ScoreFunction;

/**
 * A candidate's score: the share that is to be as much as possible, in [0, 1], where its loss is within the slack of the control's after as many
 * steps; else −(its loss / the control's), so that each that is within it is better than all that are not, and these are ordered by loss.
 */
@SuppressWarnings("deprecation")
final class StatedScore implements ScoreFunction {
    private static final long serialVersionUID = 1L;
    /** A loss that is farther off is as bad. */
    private static final double WORST = 100;
    /** What a candidate that ended on an earlier rung is behind one that did not, a rung. */
    private static final double RUNG = 1000;

    private final Measure measure;
    private final double slack;

    StatedScore(ScoreRecipe recipe) {
        measure = recipe.measure();
        slack = recipe.slack();
    }

    /** What a candidate reached. */
    record Reached(Measured candidate, Measured control, int rungsLeft) {}

    boolean feasible(Measured candidate, Measured control) {
        return candidate.loss() <= control.loss() * (1 + slack);
    }

    double of(Measured candidate, Measured control) {
        if (!feasible(candidate, control)) {
            double ratio = candidate.loss() / control.loss();
            return ratio < WORST ? -ratio : -WORST; // one that is no number too
        }
        return measure == Measure.CRITICAL_SPARSITY ? candidate.critical() : candidate.zeros();
    }

    /** What Arbiter compares candidates of different rungs by. */
    private double of(Reached reached) {
        return of(reached.candidate(), reached.control()) - RUNG * reached.rungsLeft();
    }

    @Override
    public double score(Object reached, DataProvider none, Map<String, Object> parameters) {
        return of((Reached) reached);
    }

    @Override
    public double score(Object reached, Class<? extends DataSource> none, Properties properties) {
        return of((Reached) reached);
    }

    @Override
    public boolean minimize() {
        return false;
    }

    @Override
    public List<Class<?>> getSupportedModelTypes() {
        return List.of(Reached.class);
    }

    @Override
    public List<Class<?>> getSupportedDataTypes() {
        return List.of();
    }
}
