package org.lacuna.eval.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lacuna.eval.report.Savings.Saved;
import org.lacuna.eval.report.Savings.SavedAttention;
import org.lacuna.eval.report.Savings.Way;
import org.lacuna.eval.robustness.JointChoice;
import org.lacuna.eval.robustness.JointPoint;
import org.lacuna.eval.robustness.Point;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.cost.AttentionRoute;
import org.lacuna.sparsity.critical.Estimator;

class SavingsTest {
    @Test
    void routesAreCountedAtCriticalSparsity() {
        RobustnessResult result = Samples.result(Samples.SILU);
        Savings savings = Savings.of(result);
        assertEquals(List.of(Way.INPUT, Way.GATE_FIRST, Way.UP_FIRST, Way.PREDICTED, Way.DOWN_ONLY), savings.routes().stream().map(Saved::way).toList());
        for (Saved saved : savings.routes()) {
            double s = level(result, saved.way());
            // Three matrices of one size: the input spares a share of two of them, the gate or up of the two others, a predictor of all, the rest of one.
            double spared = switch (saved.way()) {
                case INPUT, GATE_FIRST, UP_FIRST -> 2 * s / 3;
                case PREDICTED, CHOSEN -> s;
                case DOWN_ONLY -> s / 3;
                case JOINT -> throw new AssertionError("it has no joint grid");
            };
            assertEquals(1 - spared, saved.left(), 1e-12, saved.way().name());
        }
        double least = savings.routes().stream().filter(saved -> saved.way() != Way.PREDICTED).mapToDouble(Saved::left).min().orElseThrow();
        String line = savings.lines().get(0);
        assertTrue(line.startsWith("what to use: the ") && line.contains(String.format("× %.2f of a block's operations", least)) && line.endsWith("not measured"), line);
    }

    private static double level(RobustnessResult result, Way way) {
        return result.curve(SiteSet.byKey(way.route().orElseThrow().site().key())).orElseThrow().critical(Estimator.LINEAR).level().sparsity();
    }

    @Test
    void whatAJointGridSavesMostWithIsAWayToo() {
        RobustnessResult result = Samples.jointly(Samples.SILU);
        JointChoice choice = result.joint().orElseThrow().choice();
        Saved joint = Savings.of(result).routes().stream().filter(saved -> saved.way() == Way.JOINT).findFirst().orElseThrow();
        assertEquals(1 - choice.saved().level().sparsity(), joint.left(), 1e-12);
        assertEquals(String.format(Locale.ROOT, "× %.2f joint", joint.left()), joint.shown());
        assertTrue(Savings.of(result).lines().get(0).contains("the zeros of several sites at once, gate "), Savings.of(result).lines().get(0));
        RobustnessResult loose = result.withBar(1e6);
        assertEquals(result.joint().orElseThrow().points(), loose.joint().orElseThrow().points(), "kept results have their joint grid under any bar");
        assertEquals(Savings.of(result, 1e6).routes(), Savings.of(loose).routes());
        // At a bar that all combinations hold it is the one that saves most of all, and better than any single site.
        Saved best = Savings.of(result, 1e6).best().orElseThrow();
        double most = result.joint().orElseThrow().points().stream().mapToDouble(JointPoint::saved).max().orElseThrow();
        assertEquals(1 - most, Savings.of(result, 1e6).routes().stream().filter(saved -> saved.way() == Way.JOINT).findFirst().orElseThrow().left(), 1e-12);
        assertTrue(best.left() <= 1 - most);
    }

    /** GRIFFIN leaves out neurons: all that belongs to them, not the columns of down alone. */
    @Test
    void neuronsThatAPromptChoseAreLeftOutOfAllThreeMatrices() {
        RobustnessResult silu = Samples.result(Samples.SILU);
        Settings settings = silu.settings();
        RobustnessResult griffin = new RobustnessResult(silu.version(), silu.model(), silu.data(), new Settings("griffin", settings.grid(), settings.coverage(),
                settings.layers(), settings.sites(), settings.bar(), settings.replicates(), settings.seed(), settings.confidence()), silu.provenance(), silu.dense(), silu.curves());
        Savings savings = Savings.of(griffin);
        assertEquals(List.of(Way.CHOSEN), savings.routes().stream().map(Saved::way).toList());
        // The curve's p at its critical sparsity, between the points on either side.
        List<Point> points = silu.curve(SiteSet.INTERMEDIATE).orElseThrow().points();
        double level = level(silu, Way.CHOSEN);
        int above = IntStream.range(0, points.size()).filter(i -> points.get(i).sparsity() >= level).findFirst().orElseThrow();
        Point from = points.get(above - 1);
        Point to = points.get(above);
        double kept = from.p() + (to.p() - from.p()) * (level - from.sparsity()) / (to.sparsity() - from.sparsity());
        assertTrue(kept < from.p() && kept >= to.p());
        assertEquals((2 * kept + 1 - level) / 3, savings.routes().get(0).left(), 1e-12);
        assertTrue(savings.lines().get(0).startsWith("what to use: the neurons that a prompt left out, rows of up and gate and columns of down: × "), savings.lines().get(0));
        assertTrue(savings.lines().get(0).endsWith("; counted at critical sparsity, for tokens behind the prompt, not measured"), savings.lines().get(0));
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
