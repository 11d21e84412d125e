package org.lacuna.eval.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.data.Batch;
import org.lacuna.eval.method.Look;
import org.lacuna.eval.method.Methods;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Workers;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.AbsoluteQuality;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;
import org.lacuna.sparsity.critical.PairedBootstrap;

/** Several sites with a p each: against plain loops, against one p for all, and what is best by hand. */
class JointTest {
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final Workers TEAM = new Workers(2);
    private static final int WINDOWS = 3;
    private static final int LENGTH = 8;
    private static final int HIDDEN = 16;
    private static final int INNER = 24;
    private static final int LAYERS = 2;
    private static final List<Double> P = List.of(1.0, 0.7, 0.3);
    private static final Interval ANY = new Interval(0, 0, 0.95, 1, 0, 0);

    @AfterAll
    static void end() {
        TEAM.close();
    }

    private static Model model(FeedForward form) {
        return Initialization.of(ModelConfig.llama(19, HIDDEN, INNER, LAYERS, 4, 2, 4, 1e-6, RotaryPosition.plain(10_000), true, form, 32, 0.4, OptionalInt.empty(),
                List.of()), DEVICE, 5);
    }

    private static Batch texts(long seed) {
        Random random = new Random(seed);
        return new Batch(WINDOWS, LENGTH, random.ints((long) WINDOWS * LENGTH, 0, 19).toArray(), random.ints((long) WINDOWS * LENGTH, 0, 19).toArray());
    }

    private static Robustness robustness(Model model) {
        return new Robustness("tiny", model, DEVICE, TEAM, texts(8), () -> false);
    }

    private static Settings settings(String rule, JointGrid grid) {
        return new Settings(rule, P, TokenCoverage.EVERY, List.of(SiteSet.ALL_INPUTS), 1.01, 50, 3, 0.9).withJoint(grid);
    }

    private static JointResult joint(Model model, Settings settings) {
        Robustness robustness = robustness(model);
        Look look = new Look("tiny", model, DEVICE, texts(8), texts(9), LENGTH, settings.layers(), () -> false);
        return robustness.joint(settings, robustness.dense(OptionalLong.empty()), Methods.joint(Methods.byName(settings.rule()), settings.joint().orElseThrow(), look));
    }

    @ParameterizedTest
    @ValueSource(strings = {"top_p", "top_k", "max_p"})
    void everyCombinationIsThatOfPlainLoops(String rule) {
        Model model = model(FeedForward.gated("silu"));
        JointGrid grid = new JointGrid(Map.of(Site.INPUT, List.of(0.9), Site.GATE, List.of(0.8, 0.4), Site.INTERMEDIATE, List.of(0.7, 0.3)));
        JointResult joint = joint(model, settings(rule, grid));
        assertEquals(4 + 5, joint.points().size(), "combinations, and each value at all sites");
        for (JointPoint point : joint.points()) {
            Map<Site, long[]> kept = new HashMap<>();
            grid.sites().forEach(site -> kept.put(site, new long[LAYERS]));
            for (int w = 0; w < WINDOWS; w++) {
                Batch window = texts(8).rows(w, w + 1);
                Map<Site, long[]> here = new HashMap<>();
                grid.sites().forEach(site -> here.put(site, new long[LAYERS]));
                double loss = new PlainLlama(model, grid.sites(), (layer, site, t, v) -> {
                    boolean[] keeps = PlainLlama.Mask.byRule(rule, point.p().get(site)).of(layer, site, t, v);
                    for (int j = 0; j < v.length; j++) {
                        here.get(site)[layer] += keeps[j] && v[j] != 0 ? 1 : 0;
                    }
                    return keeps;
                }).loss(window.inputs(), window.targets());
                assertEquals(loss, point.windowLossSums().get(w), 1e-5 * loss, rule + " " + point.p() + ", window " + w);
                // A product of a D × F matrix and a token's vector is 2 · D · F operations; up is computed for the gate's rows, both read the input's columns.
                double left = 0;
                for (int layer = 0; layer < LAYERS; layer++) {
                    double input = here.get(Site.INPUT)[layer] / (double) (LENGTH * HIDDEN);
                    double gate = here.get(Site.GATE)[layer] / (double) (LENGTH * INNER);
                    left += 2.0 * HIDDEN * INNER * LENGTH * (input + input * gate + here.get(Site.INTERMEDIATE)[layer] / (double) (LENGTH * INNER));
                    int at = layer;
                    here.forEach((site, count) -> kept.get(site)[at] += count[at]);
                }
                assertEquals(left, point.windowOperations().get(w), 0.5 + 1e-6, rule + " " + point.p() + ", window " + w);
            }
            for (Site site : grid.sites()) {
                int width = site == Site.INPUT ? HIDDEN : INNER;
                for (int layer = 0; layer < LAYERS; layer++) {
                    assertEquals(1 - kept.get(site)[layer] / (double) (WINDOWS * LENGTH * width), point.layerSparsity().get(site).get(layer), 1e-12);
                }
                assertEquals(1 - Arrays.stream(kept.get(site)).sum() / (double) (WINDOWS * LENGTH * width * LAYERS), point.sparsity().get(site), 1e-12);
            }
        }
        assertEquals(6L * HIDDEN * INNER * LENGTH * LAYERS, joint.windowOperations());
    }

    /** Top-p of up and gate needs both as a whole; thresholds do not, nor is p = 1 a rule. */
    @Test
    void rowsAreLeftOutOnlyWhereTheRuleNeedNotSeeThem() {
        Model model = model(FeedForward.gated("silu"));
        JointGrid grid = new JointGrid(Map.of(Site.INPUT, List.of(0.9), Site.UP, List.of(1.0, 0.6), Site.GATE, List.of(1.0, 0.5)));
        Robustness robustness = new Robustness("tiny", model, DEVICE, TEAM, texts(8).rows(0, 1), () -> false);
        DenseResult dense = robustness.dense(OptionalLong.empty());
        for (String rule : List.of("top_p", "calibrated")) {
            Settings settings = settings(rule, grid);
            Look look = new Look("tiny", model, DEVICE, texts(8), texts(9), LENGTH, () -> false);
            JointResult joint = robustness.joint(settings, dense, Methods.joint(Methods.byName(rule), grid, look));
            assertTrue(joint.points().stream().anyMatch(point -> point.p().get(Site.GATE) < 1 && point.p().get(Site.UP) < 1));
            for (JointPoint point : joint.points()) {
                double left = 0;
                for (int layer = 0; layer < LAYERS; layer++) {
                    double columns = 1 - point.layerSparsity().get(Site.INPUT).get(layer);
                    double gate = point.layerSparsity().get(Site.GATE).get(layer);
                    double up = point.layerSparsity().get(Site.UP).get(layer);
                    boolean wholeUp = rule.equals("top_p") && point.p().get(Site.UP) < 1;
                    boolean wholeGate = rule.equals("top_p") && point.p().get(Site.GATE) < 1;
                    double rows = wholeUp && wholeGate ? 0 : wholeUp ? up : wholeGate ? gate : Math.max(gate, up);
                    left += (columns * (2 - rows) + 1 - Math.max(gate, up)) / (3 * LAYERS);
                }
                assertEquals(1 - left, point.saved(), 1e-4, rule + " " + point.p() + ", rounded to whole operations");
            }
        }
    }

    /** All that TEAL sparsifies in a layer: by plain loops, and counted over the block's matrices and attention's. */
    @Test
    void attentionAndBlockTogetherAreThatOfPlainLoops() {
        Model model = model(FeedForward.gated("silu"));
        JointGrid grid = new JointGrid(Map.of(Site.ATTENTION_INPUT, List.of(1.0, 0.9), Site.ATTENTION_OUTPUT, List.of(0.8), Site.INPUT, List.of(0.9), Site.INTERMEDIATE, List.of(0.7)));
        assertEquals("the feed-forward blocks and attention's projections", grid.saves());
        int heads = model.config().heads() * model.config().headSize();
        int keys = model.config().kvHeads() * model.config().headSize();
        double projections = 2.0 * HIDDEN * (2 * heads + 2 * keys);
        JointResult joint = joint(model, settings("top_p", grid));
        assertEquals(Math.round((6.0 * HIDDEN * INNER + projections) * LENGTH * LAYERS), joint.windowOperations());
        for (JointPoint point : joint.points()) {
            for (int w = 0; w < WINDOWS; w++) {
                Batch window = texts(8).rows(w, w + 1);
                Map<Site, long[]> kept = new HashMap<>();
                grid.sites().forEach(site -> kept.put(site, new long[LAYERS]));
                double loss = new PlainLlama(model, grid.sites(), (layer, site, t, v) -> {
                    boolean[] keeps = PlainLlama.Mask.byRule("top_p", point.p().get(site)).of(layer, site, t, v);
                    for (int j = 0; j < v.length; j++) {
                        kept.get(site)[layer] += keeps[j] && v[j] != 0 ? 1 : 0;
                    }
                    return keeps;
                }).loss(window.inputs(), window.targets());
                assertEquals(loss, point.windowLossSums().get(w), 1e-5 * loss, point.p() + ", window " + w);
                double left = 0;
                for (int layer = 0; layer < LAYERS; layer++) {
                    double in = kept.get(Site.ATTENTION_INPUT)[layer] / (double) (LENGTH * HIDDEN);
                    double out = kept.get(Site.ATTENTION_OUTPUT)[layer] / (double) (LENGTH * heads);
                    left += 2.0 * HIDDEN * LENGTH * (in * (heads + 2 * keys) + out * heads)
                            + 2.0 * HIDDEN * INNER * LENGTH * (2 * kept.get(Site.INPUT)[layer] / (double) (LENGTH * HIDDEN) + kept.get(Site.INTERMEDIATE)[layer] / (double) (LENGTH * INNER));
                }
                assertEquals(left, point.windowOperations().get(w), 0.5 + 1e-6, point.p() + ", window " + w);
            }
        }
        JointGrid alone = new JointGrid(Map.of(Site.ATTENTION_INPUT, List.of(0.9), Site.ATTENTION_OUTPUT, List.of(0.8)));
        assertEquals(Math.round(projections * LENGTH * LAYERS), joint(model, settings("top_p", alone)).windowOperations(), "attention's alone");
        assertEquals("attention's projections", alone.saves());
    }

    /** A rule with the same p at both sites is what one p for all gives, and with p = 1 at one of them what the other alone gives. */
    @ParameterizedTest
    @ValueSource(strings = {"top_p", "calibrated", "weighted_top_k"})
    void theDiagonalIsOnePForAllBitForBit(String rule) {
        Model model = model(FeedForward.gated("silu"));
        JointGrid grid = new JointGrid(Map.of(Site.INPUT, P, Site.INTERMEDIATE, P));
        Settings settings = settings(rule, grid);
        JointResult joint = joint(model, settings);
        Robustness robustness = robustness(model);
        DenseResult dense = robustness.dense(OptionalLong.empty());
        Look look = new Look("tiny", model, DEVICE, texts(8), texts(9), LENGTH, () -> false);
        assertEquals(9, joint.points().size());
        Map<SiteSet, Map<Site, Double>> others = Map.of(SiteSet.ALL_INPUTS, Map.of(), SiteSet.INPUT, Map.of(Site.INTERMEDIATE, 1.0), SiteSet.INTERMEDIATE, Map.of(Site.INPUT, 1.0));
        others.forEach((sites, fixed) -> {
            SiteResult curve = robustness.curve(sites, settings, dense, Methods.byName(rule).treatments(P, sites.sites(), look));
            for (Point point : curve.points()) {
                Map<Site, Double> p = new HashMap<>(fixed);
                sites.sites().forEach(site -> p.put(site, point.p()));
                JointPoint same = joint.points().stream().filter(other -> other.p().equals(p)).findFirst().orElseThrow();
                assertEquals(point.windowLossSums(), same.windowLossSums(), rule + " " + sites + " " + point.p());
                assertEquals(point.loss(), same.loss());
                assertEquals(point.increase(), same.increase());
                if (sites.sites().size() == 1) {
                    assertEquals(point.layerSparsity(), same.layerSparsity().get(sites.sites().iterator().next()));
                }
            }
        });
    }

    @Test
    void pOfOneEverywhereIsTheDenseRunBitForBit() {
        Model model = model(FeedForward.gated("silu"));
        DenseResult dense = robustness(model).dense(OptionalLong.empty());
        JointResult joint = joint(model, settings("top_p", new JointGrid(Map.of(Site.INPUT, P, Site.UP, List.of(1.0, 0.5), Site.GATE, P, Site.INTERMEDIATE, P))));
        JointPoint first = joint.points().get(0);
        assertEquals(Set.of(1.0), Set.copyOf(first.p().values()));
        assertEquals(dense.windowLossSums(), first.windowLossSums());
        assertEquals(0.0, first.saved());
        assertEquals(List.of(joint.windowOperations(), joint.windowOperations(), joint.windowOperations()), first.windowOperations());
        assertEquals(0.0, first.increase().low());
        assertEquals(0.0, first.increase().high());
        assertEquals(3 * 2 * 3 * 3 + 3, joint.points().size(), "with 0.7, 0.3 and 0.5 at all");
    }

    @Test
    void rulesCanBeInSomeLayersAndOnSomeTokensAlone() {
        Model model = model(FeedForward.gated("relu"));
        JointGrid grid = new JointGrid(Map.of(Site.GATE, List.of(0.5), Site.INTERMEDIATE, List.of(0.2)));
        Settings settings = new Settings("top_p", P, TokenCoverage.parse("last:0.5"), List.of(SiteSet.GATE), 1.01, 50, 3, 0.9).withLayers(LayerSet.parse("1")).withJoint(grid);
        JointResult joint = joint(model, settings);
        assertEquals(6L * HIDDEN * INNER * LENGTH / 2, joint.windowOperations(), "one layer, half of the tokens");
        assertEquals(1, joint.points().get(0).layerSparsity().get(Site.GATE).size());
        for (int w = 0; w < WINDOWS; w++) {
            Batch window = texts(8).rows(w, w + 1);
            double loss = new PlainLlama(model, grid.sites(), (layer, site, t, v) -> {
                boolean[] all = new boolean[v.length];
                Arrays.fill(all, true);
                return layer == 1 && t >= LENGTH / 2 ? PlainLlama.Mask.byRule("top_p", site == Site.GATE ? 0.5 : 0.2).of(layer, site, t, v) : all;
            }).loss(window.inputs(), window.targets());
            assertEquals(loss, joint.points().get(0).windowLossSums().get(w), 1e-5 * loss);
        }
    }

    /** What was computed before a stop is not computed again, and the result is the same. */
    @Test
    void itGoesOnWhereItStopped() {
        Model model = model(FeedForward.gated("silu"));
        JointGrid grid = new JointGrid(Map.of(Site.GATE, P, Site.INTERMEDIATE, P));
        Settings settings = settings("top_p", grid);
        Look look = new Look("tiny", model, DEVICE, texts(8), texts(9), LENGTH, () -> false);
        Treatment treatment = Methods.joint(Methods.byName("top_p"), grid, look);
        DenseResult dense = robustness(model).dense(OptionalLong.empty());
        Map<String, JsonNode> kept = new HashMap<>();
        AtomicInteger asked = new AtomicInteger();
        Findings findings = new Findings() {
            @Override
            public synchronized Optional<JsonNode> of(String question) {
                asked.incrementAndGet();
                return Optional.ofNullable(kept.get(question));
            }

            @Override
            public synchronized void keep(String question, JsonNode finding) {
                kept.put(question, finding);
            }
        };
        Robustness stopped = new Robustness("tiny", model, DEVICE, TEAM, texts(8), () -> true).keepingIn(findings, "subject");
        assertThrows(InterruptedRunException.class, () -> stopped.joint(settings, dense, treatment));
        Robustness robustness = robustness(model).keepingIn(findings, "subject");
        JointResult first = robustness.joint(settings, dense, treatment);
        int pieces = kept.size();
        assertTrue(pieces > 0 && asked.get() == pieces, pieces + " pieces, " + asked.get() + " questions");
        assertEquals(first, robustness.joint(settings, dense, treatment));
        assertEquals(pieces, kept.size(), "nothing is computed again");
        assertEquals(first, robustness(model).joint(settings, dense, treatment));
    }

    @Test
    void combinationsByHand() {
        JointGrid grid = JointGrid.parse(List.of("intermediate=0.5", "gate=1:0.5"), List.of());
        assertEquals(List.of(Map.of(Site.GATE, 1.0, Site.INTERMEDIATE, 0.5), Map.of(Site.GATE, 0.5, Site.INTERMEDIATE, 0.5),
                Map.of(Site.GATE, 1.0, Site.INTERMEDIATE, 1.0)), grid.points());
        assertEquals(List.of(1.0, 0.5), grid.measured(Site.GATE));
        assertEquals(List.of(0.5, 1.0), grid.measured(Site.INTERMEDIATE));
        assertEquals(List.of(1.0, 0.975, 0.93, 0.8, 0.5), JointGrid.few(Settings.PAPER.grid()));
        assertEquals(List.of(1.0, 0.5), JointGrid.few(List.of(1.0, 0.5)));
        assertEquals(4, JointGrid.parse(List.of("input", "gate"), List.of(1.0, 0.5)).points().size());
    }

    @Test
    void badGridsAreRefused() {
        assertRefused("two or more sites, not [gate]", "gate=1:0.5");
        assertRefused("no site 'door'; there are input, up, gate, intermediate", "door=1", "gate=1");
        assertRefused("gate is named twice", "gate=1", "gate=0.5");
        assertRefused("no values of p in 'gate=1;0.5'", "gate=1;0.5", "input=1");
        assertRefused("no values of p in 'gate='", "gate=", "input=1");
        assertRefused("values of gate must be 0 or more, each once, not [-1.0]", "gate=-1", "input=1");
        assertRefused("values of gate must be 0 or more, each once, not [NaN]", "gate=NaN", "input=1");
        assertRefused("values of input must be 0 or more, each once, not [0.5, 0.5]", "gate=1", "input=0.5:0.5");
        assertRefused("no values of p of its own; name some of each site: input=", "gate=1", "input");
        String many = "=" + String.join(":", new Random(1).doubles(11).mapToObj(Double::toString).toList());
        // Each site has the same values, so 11³ combinations hold those with one p for all.
        assertRefused("1331 combinations, those with one p for all sites among them, are more than 1000", "input" + many, "gate" + many, "up" + many);
        assertThrows(IllegalArgumentException.class, () -> new JointGrid(Map.of(Site.GATE, new Random(2).doubles(999).boxed().toList(), Site.INPUT, List.of(1.0))));
    }

    private static void assertRefused(String message, String... parts) {
        String refused = assertThrows(IllegalArgumentException.class, () -> JointGrid.parse(List.of(parts), List.of())).getMessage();
        assertTrue(refused.contains(message), refused);
    }

    /** Two windows of one token each, blocks of 100 operations a window. */
    private static JointPoint point(double gate, double input, double lossA, double lossB, long leftA, long leftB) {
        return new JointPoint(Map.of(Site.GATE, gate, Site.INPUT, input), (lossA + lossB) / 2, ANY, Map.of(), Map.of(), 1 - (leftA + leftB) / 200.0,
                List.of(lossA, lossB), List.of(leftA, leftB));
    }

    @Test
    void frontierAndChoiceByHand() {
        DenseResult dense = new DenseResult(2, OptionalDouble.empty(), List.of(2.0, 2.0), Map.of(), List.of());
        List<JointPoint> points = List.of(
                point(1, 1, 2, 2, 100, 100),
                point(1, 0.5, 2.004, 2.004, 60, 70), // saves 0.35 within 1 %
                point(0.5, 1, 2.006, 2.006, 80, 80), // saves less and loses more than the one above
                point(0.5, 0.5, 2.1, 2.1, 40, 40), // beyond the bar
                point(0.2, 0.5, 2.1, 2.1, 40, 50), // as bad, saves less
                point(0.7, 0.7, 2.002, 2.016, 70, 70), // on the first window within the bar, on the second and on both together not within 0.00995
                point(0.9, 0.9, 2.003, 2.003, 90, 90)); // one p for all that holds
        Settings settings = new Settings("top_p", P, TokenCoverage.EVERY, List.of(SiteSet.GATE), Math.exp(0.0085), 400, 1, 0.95);
        JointResult joint = JointResult.of(100, points, 1, dense, settings);
        assertEquals(List.of(0, 6, 1, 3), joint.frontier());
        JointChoice choice = joint.choice();
        assertEquals(OptionalInt.of(1), choice.joint());
        assertEquals(Level.Kind.AT, choice.saved().level().kind());
        assertEquals(0.35, choice.saved().level().sparsity(), 1e-12);
        assertEquals(OptionalInt.of(6), choice.same(), "0.7 at both loses 0.009 in the mean");
        assertEquals(0.1, choice.savedSame().level().sparsity(), 1e-12);
        // Draws: the first window twice (0.4 against 0.3: 0.7 at both holds), each once (0.35 against 0.1), the second twice (0.3 against 0.1).
        assertEquals(0.3, choice.saved().interval().low(), 1e-12);
        assertEquals(0.4, choice.saved().interval().high(), 1e-12);
        assertEquals(0.1, choice.savedSame().interval().low(), 1e-12);
        assertEquals(0.3, choice.savedSame().interval().high(), 1e-12);
        assertEquals(0.1, choice.more().low(), 1e-12);
        assertEquals(0.25, choice.more().high(), 1e-12);
        // At a loss of at most 2 · 1.05 all but nothing is held back: the sparsest point holds, so what is saved is at least that.
        JointChoice loose = joint.choosing(1, dense).choice(curve -> AbsoluteQuality.of(curve, 2, 1.05), new PairedBootstrap(2, 100, 1), 0.95);
        assertEquals(Level.atLeast(0.6), loose.saved().level());
        assertEquals(0.6, loose.saved().interval().high(), 1e-12, "an interval is of what was measured, and no combination saves more");
        assertEquals(OptionalInt.of(3), loose.joint());
        assertEquals(OptionalInt.of(3), loose.same(), "0.5 at both");
    }

    @Test
    void whereNothingHoldsNothingIsChosen() {
        DenseResult dense = new DenseResult(2, OptionalDouble.empty(), List.of(2.0, 2.0), Map.of(), List.of());
        List<JointPoint> points = new ArrayList<>(List.of(point(0.5, 0.7, 3, 3, 10, 10), point(0.5, 0.5, 3, 3, 10, 20)));
        Settings settings = new Settings("top_p", P, TokenCoverage.EVERY, List.of(SiteSet.GATE), 1.01, 50, 1, 0.95);
        JointChoice choice = JointResult.of(100, points, 1, dense, settings).choice();
        assertEquals(OptionalInt.empty(), choice.joint());
        assertEquals(OptionalInt.empty(), choice.same());
        assertEquals(Level.NONE, choice.saved().level());
        assertEquals(50, choice.saved().interval().none());
        assertEquals(0.0, choice.more().high());
    }
}
