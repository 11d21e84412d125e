package org.lacuna.eval.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.data.Batch;
import org.lacuna.eval.method.Look;
import org.lacuna.eval.method.Method;
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

/** Methods against plain loops: what they come to by their formulas, and what a model then computes. */
class MethodsTest {
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final Workers TEAM = new Workers(2);
    private static final int WINDOWS = 3;
    private static final int LENGTH = 9;
    private static final int HIDDEN = 16;
    private static final int INNER = 24;
    private static final List<Double> GRID = List.of(1.0, 0.6, 0.25);
    private static final Model MODEL = model(FeedForward.gated("silu"));
    private static final Batch TEXTS = windows(1);
    private static final Batch OTHER = windows(2);

    @AfterAll
    static void end() {
        TEAM.close();
    }

    private static Model model(FeedForward feedForward) {
        ModelConfig config = ModelConfig.llama(19, HIDDEN, INNER, 2, 4, 2, 4, 1e-6, RotaryPosition.plain(10_000), true, feedForward, 32, 0.4, OptionalInt.empty(), List.of());
        return Initialization.of(config, DEVICE, 5);
    }

    private static int width(Site site) {
        return site == Site.INPUT || site.inAttention() ? HIDDEN : INNER;
    }

    private static Batch windows(long seed) {
        Random random = new Random(seed);
        return new Batch(WINDOWS, LENGTH, random.ints(WINDOWS * LENGTH, 0, 19).toArray(), random.ints(WINDOWS * LENGTH, 0, 19).toArray());
    }

    private static Look look(int prompt) {
        return new Look("tiny", MODEL, DEVICE, TEXTS, OTHER, prompt, () -> false);
    }

    /** What flows through the model without a rule, in doubles: by text, layer and token. */
    private static double[][][][] flow(Batch texts, Site site) {
        double[][][][] flow = new double[WINDOWS][2][LENGTH][];
        for (int w = 0; w < WINDOWS; w++) {
            double[][][] here = flow[w];
            Batch window = texts.rows(w, w + 1);
            new PlainLlama(MODEL, Set.of(site), (layer, s, t, v) -> {
                here[layer][t] = v;
                boolean[] all = new boolean[v.length];
                Arrays.fill(all, true);
                return all;
            }).loss(window.inputs(), window.targets());
        }
        return flow;
    }

    /** Losses and counts of the curve against plain loops with these masks. */
    private static void check(String method, SiteSet sites, TokenCoverage coverage, int prompt, PlainMask expected) {
        Settings settings = new Settings(method, GRID, coverage, List.of(sites), 1.01, 50, 3, 0.9);
        Robustness robustness = new Robustness("tiny", MODEL, DEVICE, TEAM, TEXTS, () -> false);
        DenseResult dense = robustness.dense(OptionalLong.empty());
        SiteResult curve = robustness.curve(sites, settings, dense, Methods.byName(method).treatments(GRID, sites.sites(), look(prompt)));
        for (int p = 0; p < GRID.size(); p++) {
            Point point = curve.points().get(p);
            for (int w = 0; w < WINDOWS; w++) {
                Batch window = TEXTS.rows(w, w + 1);
                int at = p;
                int text = w;
                long[] kept = {0};
                PlainLlama plain = new PlainLlama(MODEL, sites.sites(), (layer, site, t, v) -> {
                    boolean[] keeps = new boolean[v.length];
                    Arrays.fill(keeps, true);
                    if (coverage.covers(t, LENGTH, 0)) {
                        keeps = expected.of(at, text, layer, site, v);
                        for (boolean k : keeps) {
                            kept[0] += k ? 1 : 0;
                        }
                    }
                    return keeps;
                });
                String what = method + " at " + sites.key() + ", p = " + GRID.get(p) + ", window " + w;
                double loss = plain.loss(window.inputs(), window.targets());
                assertEquals(loss, point.windowLossSums().get(w), 1e-5 * loss, what);
                assertEquals(kept[0], point.windowKept().get(w), what);
            }
        }
        assertEquals(dense.windowLossSums(), curve.points().get(0).windowLossSums(), method + " with p = 1 changes nothing");
        assertTrue(curve.points().get(2).sparsity() > 0.6, method + " leaves out what it should: " + curve.points().get(2).sparsity());
    }

    private interface PlainMask {
        boolean[] of(int point, int text, int layer, Site site, double[] v);
    }

    private static boolean[] mask(int n, IntPredicate keeps) {
        boolean[] mask = new boolean[n];
        for (int j = 0; j < n; j++) {
            mask[j] = keeps.test(j);
        }
        return mask;
    }

    /** The share of the values that are at least as large as the threshold. */
    private static double share(double[][][][] flow, int layer, double threshold, double[] weights) {
        int kept = 0;
        int all = 0;
        for (double[][][] text : flow) {
            for (double[] v : text[layer]) {
                for (int j = 0; j < v.length; j++) {
                    kept += Math.abs(v[j]) * (weights == null ? 1 : weights[j]) >= threshold ? 1 : 0;
                    all++;
                }
            }
        }
        return kept / (double) all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"INPUT", "UP", "GATE", "INTERMEDIATE", "ALL_INPUTS", "ATTENTION_INPUT", "ATTENTION_OUTPUT"})
    void calibratedThresholdsKeepTheirShareOfOtherText(String name) {
        SiteSet sites = SiteSet.valueOf(name);
        Treatment treatment = Methods.byName("calibrated").treatments(GRID, sites.sites(), look(LENGTH)).get(0);
        for (Site site : sites.sites()) {
            double[][][][] flow = flow(OTHER, site);
            for (int layer = 0; layer < 2; layer++) {
                for (int p = 0; p < GRID.size(); p++) {
                    assertEquals(GRID.get(p), share(flow, layer, treatment.parameter(layer, site, p), null), 0.005, site + ", layer " + layer);
                }
            }
        }
        check("calibrated", sites, TokenCoverage.EVERY, LENGTH,
                (p, text, layer, site, v) -> mask(v.length, j -> Math.abs(v[j]) >= treatment.parameter(layer, site, p)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"INPUT", "UP", "GATE", "INTERMEDIATE", "ALL_INPUTS", "ATTENTION_INPUT", "ATTENTION_OUTPUT"})
    void greedyThresholdsKeepTheMeanShareOfOtherText(String name) {
        SiteSet sites = SiteSet.valueOf(name);
        List<Double> grid = List.of(1.0, 0.97, 0.9, 0.6, 0.33, 0.1, 0.0);
        Treatment fine = Methods.byName("greedy").treatments(grid, sites.sites(), look(LENGTH)).get(0);
        for (int p = 0; p < grid.size(); p++) {
            double kept = 0;
            double elements = 0;
            for (Site site : sites.sites()) {
                double[][][][] flow = flow(OTHER, site);
                int n = width(site);
                for (int layer = 0; layer < 2; layer++) {
                    kept += n * share(flow, layer, fine.parameter(layer, site, p), null);
                    elements += n;
                    assertTrue(p == 0 || fine.parameter(layer, site, p) >= fine.parameter(layer, site, p - 1), "a smaller p leaves out no less");
                }
            }
            assertEquals(grid.get(p), kept / elements, 0.005, name);
        }
        Treatment treatment = Methods.byName("greedy").treatments(GRID, sites.sites(), look(LENGTH)).get(0);
        check("greedy", sites, TokenCoverage.EVERY, LENGTH,
                (p, text, layer, site, v) -> mask(v.length, j -> Math.abs(v[j]) >= treatment.parameter(layer, site, p)));
    }

    /** The errors by plain loops, and the least of them again and again. */
    @Test
    void greedyRaisesWhereItCostsTheBlocksOutputLeast() {
        int steps = 20;
        double[][][][] flow = flow(OTHER, Site.INTERMEDIATE);
        double[][] errors = new double[2][steps + 1];
        for (int layer = 0; layer < 2; layer++) {
            int at = layer;
            double[] magnitudes = Arrays.stream(flow).flatMap(text -> Arrays.stream(text[at])).flatMapToDouble(Arrays::stream).map(Math::abs).sorted()
                    .toArray();
            for (int step = 1; step <= steps; step++) {
                int below = magnitudes.length * step / steps;
                double threshold = below == magnitudes.length ? Double.POSITIVE_INFINITY : magnitudes[below];
                for (double[][][] text : flow) {
                    for (double[] v : text[layer]) {
                        double[] whole = down(layer, v);
                        double[] less = down(layer, Arrays.stream(v).map(x -> Math.abs(x) >= threshold ? x : 0).toArray());
                        Arrays.setAll(less, d -> less[d] - whole[d]);
                        errors[layer][step] += norm(less) / norm(whole) / (WINDOWS * LENGTH);
                    }
                }
            }
        }
        assertEquals(1, errors[0][steps], 1e-12);
        List<Double> grid = new ArrayList<>();
        for (int raise = 0; raise <= 2 * steps; raise++) {
            grid.add(1 - raise / (2.0 * steps));
        }
        Treatment treatment = Methods.byName("greedy").treatments(grid, Set.of(Site.INTERMEDIATE), look(LENGTH)).get(0);
        int[] taken = new int[2];
        boolean apart = false;
        for (int raise = 0; raise <= 2 * steps; raise++) {
            for (int layer = 0; layer < 2; layer++) {
                assertEquals(1 - taken[layer] / (double) steps, share(flow, layer, treatment.parameter(layer, Site.INTERMEDIATE, raise), null), 0.005,
                        "layer " + layer + " after " + raise + " raises");
            }
            apart |= Math.abs(taken[0] - taken[1]) > 1;
            double[] cost = new double[2];
            Arrays.setAll(cost, layer -> taken[layer] == steps ? Double.POSITIVE_INFINITY : errors[layer][taken[layer] + 1] - errors[layer][taken[layer]]);
            taken[cost[1] < cost[0] ? 1 : 0]++;
        }
        assertTrue(apart, "the layers are not alike, or this says nothing");
    }

    private static double[] down(int layer, double[] v) {
        var weights = MODEL.parameters().tensor("model.layers." + layer + ".mlp.down_proj.weight").floats();
        double[] y = new double[HIDDEN];
        for (int d = 0; d < HIDDEN; d++) {
            for (int j = 0; j < INNER; j++) {
                y[d] += weights.get(d * INNER + j) * v[j];
            }
        }
        return y;
    }

    private static double norm(double[] v) {
        return Math.sqrt(Arrays.stream(v).map(x -> x * x).sum());
    }

    /** A layer whose output projection is 0 gives nothing, whatever goes into its attention. */
    @ParameterizedTest
    @ValueSource(strings = {"ATTENTION_INPUT", "ATTENTION_OUTPUT"})
    void greedyLooksAtAttentionsOutputForAttentionsSites(String name) {
        Site site = Site.valueOf(name);
        Model planted = model(FeedForward.gated("silu"));
        var output = planted.parameters().tensor("model.layers.1.self_attn.o_proj.weight");
        IntStream.range(0, (int) output.length()).forEach(i -> output.setFloat(i, 0));
        Look look = new Look("planted", planted, DEVICE, TEXTS, OTHER, LENGTH, () -> false);
        Treatment treatment = Methods.byName("greedy").treatments(List.of(1.0, 0.7, 0.5), Set.of(site), look).get(0);
        assertEquals(0.0, treatment.parameter(0, site, 1));
        assertTrue(treatment.parameter(1, site, 1) > 0);
        assertEquals(Double.POSITIVE_INFINITY, treatment.parameter(1, site, 2), "of half of the model's one layer's is all");
        assertEquals(0.0, treatment.parameter(0, site, 2));
    }

    @Test
    void whatLooksAtABlockAloneIsNotForAttention() {
        for (Method method : Methods.all()) {
            boolean everywhere = !List.of("channel", "cett", "griffin").contains(method.name());
            for (Site site : List.of(Site.ATTENTION_INPUT, Site.ATTENTION_OUTPUT)) {
                assertEquals(everywhere, method.sites(MODEL.config()).contains(site), method.name() + " at " + site);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"INPUT", "UP", "GATE", "INTERMEDIATE"})
    void greedyGivesALayerThatDoesNotMindAllThatItCanTake(String name) {
        Site site = Site.valueOf(name);
        ModelConfig config = ModelConfig.llama(19, HIDDEN, INNER, 3, 4, 2, 4, 1e-6, RotaryPosition.plain(10_000), true, FeedForward.gated("silu"), 32, 0.4,
                OptionalInt.empty(), List.of());
        Model planted = Initialization.of(config, DEVICE, 5);
        var down = planted.parameters().tensor("model.layers.1.mlp.down_proj.weight");
        IntStream.range(0, (int) down.length()).forEach(i -> down.setFloat(i, 0));
        List<Double> grid = List.of(1.0, 0.9, 0.7, 2 / 3.0, 0.5);
        Look look = new Look("planted", planted, DEVICE, TEXTS, OTHER, LENGTH, () -> false);
        Treatment treatment = Methods.byName("greedy").treatments(grid, Set.of(site), look).get(0);
        for (int layer : new int[] {0, 2}) {
            for (int p = 0; p < 3; p++) {
                assertEquals(0.0, treatment.parameter(layer, site, p), site + " of layer " + layer + ", p = " + grid.get(p));
            }
        }
        assertTrue(treatment.parameter(1, site, 1) > 0 && treatment.parameter(1, site, 2) > treatment.parameter(1, site, 1));
        assertEquals(Double.POSITIVE_INFINITY, treatment.parameter(1, site, 4), "of half of the model's a third is all of that layer's");
        assertTrue(treatment.parameter(0, site, 4) > 0 || treatment.parameter(2, site, 4) > 0, "and the rest is the others'");
    }

    @Test
    void greedyHasItsMeanOverTheLayersThatItIsFor() {
        Look second = new Look("tiny", MODEL, DEVICE, TEXTS, OTHER, LENGTH, LayerSet.parse("1"), () -> false);
        Treatment treatment = Methods.byName("greedy").treatments(GRID, Set.of(Site.GATE), second).get(0);
        for (int p = 0; p < GRID.size(); p++) {
            assertEquals(GRID.get(p), share(flow(OTHER, Site.GATE), 1, treatment.parameter(1, Site.GATE, p), null), 0.005);
            assertEquals(0.0, treatment.parameter(0, Site.GATE, p));
        }
    }

    @Test
    void greedyIsTheSameForAnyNumberOfWorkers() {
        Settings settings = new Settings("greedy", GRID, TokenCoverage.EVERY, List.of(SiteSet.ALL_INPUTS), 1.01, 50, 3, 0.9);
        List<SiteResult> curves = new ArrayList<>();
        for (int workers : new int[] {1, 3}) {
            try (Workers team = new Workers(workers)) {
                Robustness robustness = new Robustness("tiny", MODEL, DEVICE, team, TEXTS, () -> false);
                curves.add(robustness.curve(SiteSet.ALL_INPUTS, settings, robustness.dense(OptionalLong.empty()),
                        Methods.byName("greedy").treatments(GRID, SiteSet.ALL_INPUTS.sites(), look(LENGTH))));
            }
        }
        assertEquals(curves.get(0), curves.get(1));
    }

    private static double[] columnNorms(int layer, Site site) {
        double[] norms = new double[width(site)];
        List<String> readers = switch (site) {
            case INPUT -> List.of("mlp.up_proj", "mlp.gate_proj");
            case INTERMEDIATE -> List.of("mlp.down_proj");
            case ATTENTION_INPUT -> List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj");
            case ATTENTION_OUTPUT -> List.of("self_attn.o_proj");
            default -> throw new IllegalArgumentException(site.key());
        };
        for (String module : readers) {
            var weights = MODEL.parameters().tensor("model.layers." + layer + "." + module + ".weight").floats();
            for (int i = 0; i < weights.capacity(); i++) {
                norms[i % norms.length] += Math.pow(weights.get(i), 2);
            }
        }
        return Arrays.stream(norms).map(Math::sqrt).toArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"INPUT", "INTERMEDIATE", "ALL_INPUTS", "ATTENTION_INPUT", "ATTENTION_OUTPUT"})
    void weightedRulesOrderByWhatAnElementContributes(String name) {
        SiteSet sites = SiteSet.valueOf(name);
        check("weighted_top_k", sites, TokenCoverage.EVERY, LENGTH, (p, text, layer, site, v) -> {
            double[] norms = columnNorms(layer, site);
            List<Integer> falling = IntStream.range(0, v.length).boxed().sorted((a, b) -> Double.compare(Math.abs(v[b]) * norms[b], Math.abs(v[a]) * norms[a])).toList();
            List<Integer> first = falling.subList(0, (int) (v.length * GRID.get(p) + 1e-9));
            return mask(v.length, first::contains);
        });
        Treatment treatment = Methods.byName("weighted").treatments(GRID, sites.sites(), look(LENGTH)).get(0);
        for (Site site : sites.sites()) {
            double[][][][] flow = flow(OTHER, site);
            for (int p = 0; p < GRID.size(); p++) {
                assertEquals(GRID.get(p), share(flow, 1, treatment.parameter(1, site, p), columnNorms(1, site)), 0.005);
            }
        }
        check("weighted", sites, TokenCoverage.EVERY, LENGTH,
                (p, text, layer, site, v) -> mask(v.length, j -> Math.abs(v[j]) * columnNorms(layer, site)[j] >= treatment.parameter(layer, site, p)));
    }

    @Test
    void cettBoundsEachLayersErrorOnOtherText() {
        List<Double> bounds = List.of(0.0, 0.1, 0.4, 0.8);
        Treatment treatment = Methods.byName("cett").treatments(bounds, Set.of(Site.INTERMEDIATE), look(LENGTH)).get(0);
        double[][][][] flow = flow(OTHER, Site.INTERMEDIATE);
        for (int layer = 0; layer < 2; layer++) {
            for (int p = 0; p < bounds.size(); p++) {
                double threshold = treatment.parameter(layer, Site.INTERMEDIATE, p);
                // The threshold is the score of an element that is kept, as floats have it: a little below, it is kept in doubles too.
                assertTrue(cett(flow, layer, threshold * (1 - 1e-5)) <= bounds.get(p) + 1e-5, "layer " + layer + ", " + bounds.get(p));
                if (p > 0) {
                    // The next element that is left out costs at most 1 / (3 * 9 tokens) of the whole mean.
                    double beyond = cett(flow, layer, threshold * (1 + 1e-5));
                    assertTrue(beyond > bounds.get(p) - 1e-5 && beyond < bounds.get(p) + 0.04, "layer " + layer + ", " + bounds.get(p) + ": " + beyond);
                }
            }
            assertEquals(0, cett(flow, layer, treatment.parameter(layer, Site.INTERMEDIATE, 0) * (1 - 1e-5)), 1e-5);
        }
        Settings settings = new Settings("cett", bounds, TokenCoverage.EVERY, LayerSet.ALL, List.of(SiteSet.INTERMEDIATE), 1.01, 50, 3, 0.9);
        Robustness robustness = new Robustness("tiny", MODEL, DEVICE, TEAM, TEXTS, () -> false);
        DenseResult dense = robustness.dense(OptionalLong.empty());
        SiteResult curve = robustness.curve(SiteSet.INTERMEDIATE, settings, dense, List.of(treatment));
        for (int p = 0; p < bounds.size(); p++) {
            int at = p;
            for (int w = 0; w < WINDOWS; w++) {
                Batch window = TEXTS.rows(w, w + 1);
                PlainLlama plain = new PlainLlama(MODEL, Set.of(Site.INTERMEDIATE), (layer, site, t, v) -> mask(v.length,
                        j -> Math.abs(v[j]) * columnNorms(layer, site)[j] >= treatment.parameter(layer, site, at)));
                double loss = plain.loss(window.inputs(), window.targets());
                assertEquals(loss, curve.points().get(p).windowLossSums().get(w), 1e-5 * loss);
            }
        }
        assertTrue(curve.points().get(0).sparsity() < 0.01, "what costs nothing on other text: " + curve.points().get(0).sparsity());
        assertTrue(curve.points().get(3).sparsity() > 0.5, "something is left out: " + curve.points().get(3).sparsity());
    }

    /** The mean over tokens of the norm of what is left out of the block's output by the output's. */
    private static double cett(double[][][][] flow, int layer, double threshold) {
        var down = MODEL.parameters().tensor("model.layers." + layer + ".mlp.down_proj.weight").floats();
        double[] norms = columnNorms(layer, Site.INTERMEDIATE);
        double sum = 0;
        for (double[][][] text : flow) {
            for (double[] i : text[layer]) {
                double missing = 0;
                double whole = 0;
                for (int d = 0; d < HIDDEN; d++) {
                    double out = 0;
                    double all = 0;
                    for (int j = 0; j < INNER; j++) {
                        double part = i[j] * down.get(d * INNER + j);
                        all += part;
                        out += Math.abs(i[j]) * norms[j] < threshold ? part : 0;
                    }
                    missing += out * out;
                    whole += all * all;
                }
                sum += Math.sqrt(missing / whole);
            }
        }
        return sum / (WINDOWS * LENGTH);
    }

    @Test
    void channelsOfTheGateAreWeighedByTheirUpProjection() {
        double[][] roots = new double[2][INNER];
        for (double[][][] text : flow(OTHER, Site.UP)) {
            for (int layer = 0; layer < 2; layer++) {
                for (double[] u : text[layer]) {
                    for (int j = 0; j < INNER; j++) {
                        roots[layer][j] += u[j] * u[j] / (WINDOWS * LENGTH);
                    }
                }
            }
        }
        for (double[] layer : roots) {
            Arrays.setAll(layer, j -> Math.sqrt(layer[j]));
        }
        Treatment treatment = Methods.byName("channel").treatments(GRID, Set.of(Site.GATE), look(LENGTH)).get(0);
        for (int layer = 0; layer < 2; layer++) {
            for (int p = 0; p < GRID.size(); p++) {
                assertEquals(GRID.get(p), share(flow(OTHER, Site.GATE), layer, treatment.parameter(layer, Site.GATE, p), roots[layer]), 0.005);
            }
        }
        check("channel", SiteSet.GATE, TokenCoverage.EVERY, LENGTH,
                (p, text, layer, site, v) -> mask(v.length, j -> Math.abs(v[j]) * roots[layer][j] >= treatment.parameter(layer, site, p)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"all", "last:0.5"})
    void griffinKeepsTheNeuronsThatThePromptUses(String text) {
        TokenCoverage coverage = TokenCoverage.parse(text);
        int prompt = coverage.equals(TokenCoverage.EVERY) ? LENGTH : LENGTH / 2;
        assertEquals(prompt == LENGTH ? LENGTH : LENGTH - prompt, coverage.count(LENGTH, 0));
        double[][][][] flow = flow(TEXTS, Site.INTERMEDIATE);
        check("griffin", SiteSet.INTERMEDIATE, coverage, prompt, (p, window, layer, site, v) -> {
            double[] scores = new double[INNER];
            for (int t = 0; t < prompt; t++) {
                double[] z = flow[window][layer][t];
                double norm = Math.sqrt(Arrays.stream(z).map(x -> x * x).sum());
                Arrays.setAll(scores, j -> Math.sqrt(scores[j] * scores[j] + Math.pow(z[j] / norm, 2)));
            }
            List<Integer> falling = IntStream.range(0, INNER).boxed().sorted((a, b) -> Double.compare(scores[b], scores[a])).toList();
            return mask(INNER, falling.subList(0, (int) (INNER * GRID.get(p) + 1e-9))::contains);
        });
    }

    @Test
    void coverageSparesTokensAndDoesNotCountThem() {
        for (String text : List.of("but_first", "last:0.3", "last:0.99")) {
            TokenCoverage coverage = TokenCoverage.parse(text);
            check("top_k", SiteSet.INTERMEDIATE, coverage, LENGTH, (p, window, layer, site, v) -> PlainLlama.Mask.byRule("top_k", GRID.get(p)).of(layer, site, 0, v));
        }
        assertEquals(LENGTH - 1, TokenCoverage.parse("but_first").count(LENGTH, 0));
        assertEquals(3, TokenCoverage.parse("last:0.3").count(10, 0));
        // 100 · (1 − 0.8) is just below 20 in binary.
        for (int tenths = 1; tenths < 10; tenths++) {
            assertEquals(tenths * 10, TokenCoverage.parse("last:0." + tenths).count(100, 0));
        }
        assertEquals(4, TokenCoverage.parse("decode").count(10, 6));
        assertEquals(10, TokenCoverage.EVERY.count(10, 6));
        for (String bad : List.of("", "last", "last:", "last:0", "last:1", "last:x", "first", "ALL")) {
            assertTrue(assertThrows(IllegalArgumentException.class, () -> TokenCoverage.parse(bad)).getMessage().contains("but_first"), bad);
        }
        for (String good : List.of("all", "but_first", "last:0.5", "decode")) {
            assertEquals(good, TokenCoverage.parse(good).toString());
        }
    }

    @Test
    void everyMethodHasANameAndAllRulesAreMethods() {
        List<String> names = new ArrayList<>(Methods.all().stream().map(Method::name).toList());
        assertEquals(names.size(), Set.copyOf(names).size());
        assertTrue(names.containsAll(List.of("top_p", "top_k", "max_p", "threshold", "random_k", "bottom_k")), names.toString());
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Methods.byName("topp")).getMessage().startsWith("no rule 'topp'; there are top_p, "));
    }

    @Test
    void aLookStopsWhenItIsAskedTo() {
        Look stopped = new Look("tiny", MODEL, DEVICE, TEXTS, OTHER, LENGTH, () -> true);
        assertThrows(InterruptedRunException.class, () -> Methods.byName("calibrated").treatments(GRID, Set.of(Site.INPUT), stopped));
    }
}
