package org.lacuna.eval.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.lacuna.eval.report.Savings.Saved;
import org.lacuna.eval.report.Savings.SavedAttention;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.cost.AttentionRoute;
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
        String line = savings.lines().get(0);
        assertTrue(line.startsWith("what to use: the ") && line.contains(String.format("× %.2f of a block's operations", least)) && line.endsWith("not measured"), line);
    }

    /** As many heads of keys as of queries: four matrices of one size, of which three read the input and one what the heads gathered. */
    @Test
    void attentionsProjectionsAreCountedByThemselves() {
        RobustnessResult result = Samples.attentive(Samples.SILU);
        Savings savings = Savings.of(result);
        assertEquals(List.of(AttentionRoute.INPUT, AttentionRoute.OUTPUT), savings.attention().stream().map(SavedAttention::route).toList());
        for (SavedAttention saved : savings.attention()) {
            double s = result.curve(SiteSet.byKey(saved.route().site().key())).orElseThrow().critical(Estimator.LINEAR).level().sparsity();
            assertEquals(1 - (saved.route() == AttentionRoute.INPUT ? 3 * s / 4 : s / 4), saved.left(), 1e-12, saved.route().name());
        }
        assertEquals(Savings.of(Samples.result(Samples.SILU)).lines(), savings.lines().subList(0, 1), "the block's are what they were");
        String line = savings.lines().get(1);
        assertEquals(String.format(Locale.ROOT, "in attention: the input's zeros, columns of the query, key and value projections: × %.2f; "
                + "the zeros of the heads' sums, columns of the output projection: × %.2f of its projections' operations and weight bytes a token; counted at critical sparsity, not measured",
                savings.attention().get(0).left(), savings.attention().get(1).left()), line);
    }

    @Test
    void whereNoSparsityHoldsThereIsNothingToUse() {
        assertTrue(Savings.of(Samples.result(Samples.BROKEN)).lines().isEmpty());
    }
}
