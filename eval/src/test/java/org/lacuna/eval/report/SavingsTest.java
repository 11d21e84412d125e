package org.lacuna.eval.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.lacuna.eval.report.Savings.Saved;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.cost.Route;
import org.lacuna.sparsity.critical.Estimator;

class SavingsTest {
    @Test
    void routesAreCountedAtCriticalSparsity() {
        RobustnessResult result = Samples.result(Samples.SILU);
        Savings savings = Savings.of(result);
        for (Saved saved : savings.routes()) {
            double s = result.curve(SiteSet.byKey(saved.route().site().key())).orElseThrow().critical(Estimator.LINEAR).level().sparsity();
            // Three matrices of one size: the input spares a share of two of them, the gate or up of the two others, a predictor of all, the rest of one.
            double spared = switch (saved.route()) {
                case INPUT, GATE_FIRST, UP_FIRST -> 2 * s / 3;
                case PREDICTED -> s;
                case DOWN_ONLY -> s / 3;
            };
            assertEquals(1 - spared, saved.left(), 1e-12, saved.route().name());
        }
        double least = savings.routes().stream().filter(saved -> saved.route() != Route.PREDICTED).mapToDouble(Saved::left).min().orElseThrow();
        String line = savings.line().orElseThrow();
        assertTrue(line.startsWith("what to use: the ") && line.contains(String.format("× %.2f of a block's operations", least)) && line.endsWith("not measured"), line);
    }

    @Test
    void whereNoSparsityHoldsThereIsNothingToUse() {
        assertTrue(Savings.of(Samples.result(Samples.BROKEN)).line().isEmpty());
    }
}
