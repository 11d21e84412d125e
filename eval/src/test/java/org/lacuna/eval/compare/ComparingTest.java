package org.lacuna.eval.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.eval.compare.Comparison.Difference;
import org.lacuna.eval.compare.Comparison.LossRatio;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.eval.robustness.DataSummary;
import org.lacuna.eval.robustness.DenseResult;
import org.lacuna.eval.robustness.LayerSet;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.Point;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;

class ComparingTest {
    private static final int WINDOWS = 4;
    private static final Interval UNUSED = new Interval(0, 0, 0.95, 1, 0, 0);

    private static ModelSummary model(String name, Training training, long tokens, String tokenizer) {
        return new ModelSummary(name, "runs/" + name, "sha of " + name, "config", 100, 1, 8, 10, 2, 1, 257, false, "relu", "gated", true, Optional.empty(), training,
                OptionalLong.of(1), OptionalLong.of(10), OptionalLong.of(tokens), OptionalDouble.empty(), Optional.of("stories"), Optional.of("data"), Optional.of(tokenizer));
    }

    /**
     * A result whose windows are all alike, so that every draw says the same: dense loss 2 × scale a token, and a curve at INTERMEDIATE that goes from
     * sparsity 0 at the dense loss to {@code good} at it to 1 at a loss far above.
     */
    private static RobustnessResult result(ModelSummary model, double scale, double good, String windows) {
        double dense = 20 * scale;
        List<Point> points = new ArrayList<>();
        for (double[] point : new double[][] {{1, 0, dense}, {0.5, good, dense}, {0, 1, dense + 10}}) {
            long kept = Math.round((1 - point[1]) * 100);
            points.add(new Point(point[0], point[2] / 10, UNUSED, point[1], List.of(point[1]), Collections.nCopies(WINDOWS, point[2]),
                    Collections.nCopies(WINDOWS, kept)));
        }
        DenseResult denseResult = new DenseResult(dense / 10, OptionalDouble.empty(), Collections.nCopies(WINDOWS, dense),
                Map.of(Site.INPUT, List.of(0.0), Site.INTERMEDIATE, List.of(0.0)), List.of(0));
        return new RobustnessResult(1, model, new DataSummary("stories", "data", windows, WINDOWS, 10, OptionalLong.empty()),
                new Settings("top_p", List.of(1.0, 0.5, 0.0), TokenCoverage.EVERY, List.of(SiteSet.INTERMEDIATE), 1.01, 100, 7, 0.95), Json.object(), denseResult,
                List.of(new SiteResult(SiteSet.INTERMEDIATE, 100, points, List.of())));
    }

    private static RobustnessResult result(String name, Training training, double scale, double good) {
        return result(model(name, training, 1000, "bytes"), scale, good, "0123456789abcdef");
    }

    @Test
    void theSameWindowsAreAsMany() {
        RobustnessResult one = result("a", Training.NATURAL, 1, 0.5);
        RobustnessResult other = result("b", Training.NATURAL, 1, 0.5);
        DataSummary data = other.data();
        RobustnessResult changed = new RobustnessResult(1, other.model(), new DataSummary(data.name(), data.sha256(), data.windowsSha256(), 3, 10, data.bytes()), other.settings(), other.provenance(),
                other.dense(), other.curves());
        assertTrue(assertThrows(InputException.class, () -> Comparing.of(List.of(one, changed))).getMessage()
                .startsWith("\"a\" and \"b\" were measured on the same windows by data/windows_sha256, but one on 4 of 10 tokens and the other on 3 of 10"));
    }

    @Test
    void differencesLossesAndAbsoluteQualityByHand() {
        Comparison comparison = Comparing.of(List.of(result("induced", Training.INDUCED, 1.005, 0.8), result("silu", Training.NATURAL, 1, 0.5),
                result("relu", Training.NATURAL, 0.5, 0.6)));
        assertEquals(1, comparison.control());
        assertEquals(List.of(), comparison.notes());
        // Each against the control, and the induced one against the other natural one too.
        assertEquals(List.of(new LossRatio(0, 1, 1.005, interval(1.005)), new LossRatio(0, 2, 2.01, interval(2.01)),
                new LossRatio(2, 1, 0.5, interval(0.5))), comparison.losses());

        assertEquals(List.of("0-1", "0-2", "2-1"), comparison.differences().stream().map(d -> d.model() + "-" + d.against()).distinct().toList());
        Difference first = difference(comparison, 0, 1, Estimator.FIRST);
        assertEquals(Level.at(0.8), first.level());
        assertEquals(Level.at(0.5), first.otherLevel());
        assertEquals(0.3, first.difference(), 1e-12);
        assertEquals(0.3, first.interval().low(), 1e-12);
        assertEquals(0.3, first.interval().high(), 1e-12);
        assertEquals(0.2, difference(comparison, 0, 2, Estimator.GRID).difference(), 1e-12);
        // Perplexity rises by e^1 over the last stretch of the curve; the bar lies at 0.01 of it.
        double way = 0.01 / (Math.E - 1);
        assertEquals((0.8 + 0.2 * way) - (0.5 + 0.5 * way), difference(comparison, 0, 1, Estimator.LINEAR).difference(), 1e-12);

        // The control's loss is 2: at 1.01 of it, 2.02, the induced model's straight line from 2.01 to 3.01 is at 0.01 of its way.
        assertEquals(0.8 + 0.2 * 0.01, quality(comparison, 0).sparsity(), 1e-12);
        assertEquals(6, comparison.atControlLoss().size());
    }

    /** Of two runs with a control each, one without, and a natural model: who is held against whom. */
    @Test
    void eachModelIsHeldAgainstItsOwnControl() {
        Comparison comparison = Comparing.of(List.of(result("a", Training.INDUCED, 1.005, 0.8), result("a-control", Training.NATURAL, 1, 0.5),
                result("b", Training.INDUCED, 2.01, 0.7), result("b-control", Training.NATURAL, 2, 0.6),
                result("silu", Training.NATURAL, 0.5, 0.4), result("c", Training.INDUCED, 0.51, 0.9)), Map.of(0, 1, 2, 3));
        assertEquals(List.of(1, 1, 3, 3, 4, 4), comparison.controls());
        assertEquals(4, comparison.control(), "of those without one: not a control of another");
        assertEquals(List.of("0-1", "0-4", "2-3", "2-4", "5-4"), comparison.losses().stream().map(l -> l.model() + "-" + l.against()).toList());
        assertEquals(List.of("0-1", "0-4", "2-3", "2-4", "5-4"), comparison.differences().stream().map(d -> d.model() + "-" + d.against()).distinct().toList());
        assertEquals(1.005, comparison.losses().get(2).ratio(), 1e-12, "2.01 / 2");
        assertEquals(0.1, difference(comparison, 2, 3, Estimator.FIRST).difference(), 1e-12);
        // b's control has loss 4: at 1.01 of it, 4.04, b's straight line from 4.02 to 5.02 is at 0.02 of its way. By silu's loss of 1 there were none.
        assertEquals(0.7 + 0.3 * 0.02, quality(comparison, 2).sparsity(), 1e-12);
        // Itself is a control's control: from 4 to 5.
        assertEquals(0.6 + 0.4 * 0.04, quality(comparison, 3).sparsity(), 1e-12);
        assertEquals(List.of(), comparison.notes());
    }

    /** What a ReLU leaves out by itself is to be told from what an objective does: the first natural model without one, wherever it stands, unless another is named. */
    @Test
    void aNaturalModelWithoutAReluIsTheControlBeforeOneWithIt() {
        RobustnessResult induced = result("relu-l1", Training.INDUCED, 1, 0.8);
        RobustnessResult relu = result("relu", Training.NATURAL, 1, 0.6);
        RobustnessResult silu = result(activated(relu.model(), "silu", "gated"), 1, 0.5, "0123456789abcdef");
        RobustnessResult upRelu = result(activated(relu.model(), "silu", "gated with relu on up"), 1, 0.5, "0123456789abcdef");
        assertControl(3, "the first natural model without a ReLU", Comparing.of(List.of(induced, relu, upRelu, silu)));
        assertControl(1, "the first natural model", Comparing.of(List.of(induced, relu, upRelu)));
        assertControl(2, "named by --control", Comparing.of(List.of(induced, silu, relu), Map.of(), Optional.of(2)));
        assertControl(0, "the first model, as none is known to be natural", Comparing.of(List.of(induced, induced)));
        assertControl(1, "its own", Comparing.of(List.of(induced, relu), Map.of(0, 1)));
        assertControl(1, "the first that is a control of its own model, as none of the others is known to be natural", Comparing.of(List.of(induced, relu, induced), Map.of(0, 1)));
        // The named one has no control any more, what has its own keeps it.
        assertEquals(List.of(0, 3, 0, 3), Comparing.of(List.of(induced, induced, silu, relu), Map.of(0, 2, 1, 3), Optional.of(0)).controls());
    }

    private static void assertControl(int place, String because, Comparison comparison) {
        assertEquals(place + " " + because, comparison.control() + " " + comparison.because());
    }

    private static ModelSummary activated(ModelSummary m, String activation, String feedForward) {
        return new ModelSummary(activation + " " + feedForward, m.checkpoint(), m.sha256(), m.configSha256(), m.parameters(), m.layers(), m.hidden(), m.intermediate(), m.heads(), m.kvHeads(), m.vocabulary(),
                m.experts(), activation, feedForward, m.tied(), m.objective(), m.training(), m.seed(), m.step(), m.tokensSeen(), m.tokensPerSecond(), m.trainingData(), m.trainingDataSha256(),
                m.tokenizerSha256());
    }

    /** A checkpoint may have been made sparse, so a run that began with one is not known to be natural; it is the control all the same. */
    @Test
    void theOnlyControlServesThoseWithoutOne() {
        Comparison comparison = Comparing.of(List.of(result("tuned", Training.INDUCED, 1.005, 0.8), result("tuned-control", Training.UNKNOWN, 1, 0.5),
                result("other", Training.INDUCED, 1, 0.7)), Map.of(0, 1));
        assertEquals(List.of(1, 1, 1), comparison.controls());
        assertEquals(List.of(), comparison.notes());
        assertEquals(List.of("0-1", "2-1"), comparison.losses().stream().map(l -> l.model() + "-" + l.against()).toList());
    }

    /** Each pair on its own text; the draws are those of as many windows. */
    @Test
    void pairsAreComparedWhateverOthersWereMeasuredOn() {
        RobustnessResult elsewhere = result(model("b", Training.INDUCED, 1000, "bytes"), 1.005, 0.8, "fedcba9876543210");
        RobustnessResult itsControl = result(model("b-control", Training.NATURAL, 1000, "bytes"), 1, 0.5, "fedcba9876543210");
        Comparison comparison = Comparing.of(List.of(result("silu", Training.NATURAL, 1, 0.5), elsewhere, itsControl), Map.of(1, 2));
        assertEquals(List.of("1-2"), comparison.losses().stream().map(l -> l.model() + "-" + l.against()).toList());
        assertEquals(0.3, difference(comparison, 1, 2, Estimator.FIRST).difference(), 1e-12);
        assertEquals(List.of(), comparison.notes());
    }

    @Test
    void whatIsReadEqualsWhatWasWritten(@TempDir Path folder) throws Exception {
        Comparison comparison = Comparing.of(List.of(result("a", Training.NATURAL, 1, 0.5), result("b", Training.INDUCED, 1, 0.8)));
        Path file = folder.resolve("report.json");
        Files.writeString(file, ResultJson.text(comparison));
        assertEquals(comparison, ResultJson.read(file, Comparison.class, Comparison.VERSION));
    }

    @Test
    void whatKeepsModelsFromBeingComparableIsNoted() {
        RobustnessResult control = result("a", Training.NATURAL, 1, 0.5);
        assertNote("on other text", control, result(model("b", Training.INDUCED, 1000, "bytes"), 1, 0.5, "fedcba9876543210"));
        assertNote("the number of tokens it was trained on is 2,000, for \"a\" 1,000", control,
                result(model("b", Training.INDUCED, 2000, "bytes"), 1, 0.5, "0123456789abcdef"));
        assertNote("same tokenizer", control, result(model("b", Training.INDUCED, 1000, "words"), 1, 0.5, "0123456789abcdef"));
        assertNote("same model", control, control);
        RobustnessResult b = result("b", Training.INDUCED, 1, 0.5);
        assertNote("\"b\" was measured with rule top_p, coverage all, layers 0, \"a\" with rule top_p, coverage all, layers all: their sparsities", control,
                new RobustnessResult(b.version(), b.model(), b.data(), b.settings().withLayers(LayerSet.parse("0")), b.provenance(), b.dense(), b.curves()));
        assertNote("stands in for the natural control", result("a", Training.UNKNOWN, 1, 0.5), result("b", Training.INDUCED, 1, 0.5));
    }

    @Test
    void whatIsNotKnownIsNotedOfEveryModelAndNotTakenForADifference() {
        ModelSummary known = model("known", Training.NATURAL, 1000, "bytes");
        ModelSummary bare = new ModelSummary("bare", "bare", "sha of bare", "config", 100, 1, 8, 10, 2, 1, 257, false, "relu", "gated", true, Optional.empty(),
                Training.NATURAL, OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty(), OptionalDouble.empty(), Optional.empty(), Optional.empty(), Optional.empty());
        String note = "Not known of \"bare\": its training data, the number of tokens it was trained on, its tokenizer.";
        RobustnessResult one = result(known, 1, 0.5, "0123456789abcdef");
        RobustnessResult other = result(bare, 1, 0.5, "0123456789abcdef");
        assertEquals(List.of(note), Comparing.of(List.of(one, other)).notes());
        assertEquals(List.of(note), Comparing.of(List.of(other, one)).notes(), "of the control");
        assertEquals(List.of(note, note.replace("bare", "bare #2"), "\"bare #2\" and \"bare\" are the same model."), Comparing.of(List.of(other, other)).notes(), "of both");
    }

    /** By what differs, the seed before the rule before the folder; what alone differs in nothing is numbered. */
    @Test
    void modelsOfOneNameAreToldApartByWhatDiffers() {
        RobustnessResult a = result("a", Training.NATURAL, 1, 0.5);
        RobustnessResult byTopK = with(a, a.model(), new Settings("top_k", List.of(1.0, 0.5, 0.0), TokenCoverage.EVERY, List.of(SiteSet.INTERMEDIATE), 1.01, 100, 7, 0.95));
        RobustnessResult inOneLayer = with(a, a.model(), a.settings().withLayers(LayerSet.parse("0")));
        RobustnessResult byTopKInOneLayer = with(a, a.model(), byTopK.settings().withLayers(LayerSet.parse("0")));
        assertLabels(List.of("a (top_p)", "a (top_k)", "b"), a, byTopK, result("b", Training.NATURAL, 1, 0.5));
        assertLabels(List.of("a (top_p, layers all)", "a (top_k, layers all)", "a (top_k, layers 0)", "a (top_p, layers 0)"), a, byTopK, byTopKInOneLayer, inOneLayer);
        assertLabels(List.of("a", "a #2"), a, a);
        assertLabels(List.of("a (one/a)", "a (two/a)"), in(a, "runs/one/a/checkpoints/step-10", 10), in(a, "runs/two/a/checkpoints/step-10", 10));
        assertLabels(List.of("a (step 10)", "a (step 20)", "a (step 10) #2"), in(a, "runs/a/checkpoints/step-10", 10), in(a, "runs/a/checkpoints/step-20", 20), in(a, "runs/a/checkpoints/step-10", 10));
        assertLabels(List.of("a (top_p)", "a (top_k)", "a (top_k) #2"), a, byTopK, result("a (top_k)", Training.NATURAL, 1, 0.5));
    }

    private static void assertLabels(List<String> labels, RobustnessResult... models) {
        assertEquals(labels, Comparing.of(List.of(models)).labels());
    }

    private static RobustnessResult with(RobustnessResult r, ModelSummary model, Settings settings) {
        return new RobustnessResult(r.version(), model, r.data(), settings, r.provenance(), r.dense(), r.curves());
    }

    private static RobustnessResult in(RobustnessResult r, String checkpoint, long step) {
        ModelSummary m = r.model();
        return with(r, new ModelSummary(m.name(), checkpoint, m.sha256(), m.configSha256(), m.parameters(), m.layers(), m.hidden(), m.intermediate(), m.heads(), m.kvHeads(), m.vocabulary(),
                m.experts(), m.activation(), m.feedForward(), m.tied(), m.objective(), m.training(), m.seed(), OptionalLong.of(step), m.tokensSeen(), m.tokensPerSecond(), m.trainingData(),
                m.trainingDataSha256(), m.tokenizerSha256()), r.settings());
    }

    @Test
    void modelsOnOtherWindowsAreNotPaired() {
        Comparison comparison = Comparing.of(List.of(result("a", Training.NATURAL, 1, 0.5),
                result(model("b", Training.INDUCED, 1000, "bytes"), 1, 0.8, "fedcba9876543210")));
        assertEquals(List.of(), comparison.losses());
        assertEquals(List.of(), comparison.differences());
        assertTrue(comparison.atControlLoss().stream().allMatch(level -> level.model() == 0));
    }

    @Test
    void oneModelIsNotEnough() {
        assertThrows(InputException.class, () -> Comparing.of(List.of(result("a", Training.NATURAL, 1, 0.5))));
    }

    private static void assertNote(String part, RobustnessResult control, RobustnessResult other) {
        List<String> notes = Comparing.of(List.of(control, other)).notes();
        assertEquals(1, notes.size(), notes.toString());
        assertTrue(notes.get(0).contains(part), notes.get(0));
    }

    /** At 1.01 of its control's loss. */
    private static Level quality(Comparison comparison, int model) {
        return comparison.atControlLoss().stream().filter(q -> q.model() == model && q.factor() == 1.01).findFirst().orElseThrow()
                .estimates().stream().filter(e -> e.estimator() == Estimator.LINEAR).findFirst().orElseThrow().level();
    }

    private static Difference difference(Comparison comparison, int model, int against, Estimator estimator) {
        return comparison.differences().stream()
                .filter(d -> d.model() == model && d.against() == against && d.estimator() == estimator).findFirst().orElseThrow();
    }

    private static Interval interval(double value) {
        return new Interval(value, value, 0.95, 100, 0, 0);
    }
}
