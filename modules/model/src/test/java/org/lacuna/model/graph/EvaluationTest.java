package org.lacuna.model.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.RowScratch;
import org.lacuna.sparsity.rule.Rule;
import org.lacuna.sparsity.rule.Rules;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The graphs that evaluate a model under rules. */
class EvaluationTest {
    private static final Device CPU = new CpuDevice();
    private static final Set<Site> ALL = EnumSet.allOf(Site.class);
    /** The last four tokens of the second row are padding. */
    private static final int PADDING = 4;

    @TempDir
    Path temporary;

    private Reference r;
    private float[] mask;

    @BeforeEach
    void load() throws IOException {
        load("llama-relu");
    }

    private void load(String name) throws IOException {
        if (r != null) {
            r.close();
        }
        r = new Reference(name, false, Files.createTempDirectory(temporary, name));
        mask = new float[r.ids.length];
        Arrays.fill(mask, 0, mask.length - PADDING, 1);
        Arrays.fill(r.targets, mask.length - PADDING - 1, mask.length, -1);
    }

    @AfterEach
    void close() {
        r.close();
    }

    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void theRuleNoneChangesNothingAndCountsWhatIsNotZero(String name) throws IOException {
        load(name);
        ModelConfig config = r.model.config();
        Set<Site> all = config.sites();
        List<String> sites = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            for (Site site : all) {
                sites.add(DecoderGraph.site(layer, site));
            }
        }
        Map<String, INDArray> plain = feeds(1, false);
        Instance dense = Feeds.run(Program.of(DecoderGraph.evaluation(config, Set.of()), CPU), plain, r.model.parameters(), null, List.of(DecoderGraph.NLL));
        List<String> outputs = outputs(config, all);
        outputs.addAll(sites);
        Map<String, INDArray> inputs = withRules(feeds(1, true), config, all, "none", new double[] {0});
        Instance run = Feeds.run(Program.of(DecoderGraph.evaluation(config, all), CPU), inputs, r.model.parameters(), null, outputs);
        Differences.assertAtMost(1e-6, "nll", dense.tensor(DecoderGraph.NLL).toFloats(), run.tensor(DecoderGraph.NLL).toFloats());
        for (int layer = 0; layer < config.layers(); layer++) {
            for (Site site : all) {
                float[] v = run.tensor(DecoderGraph.site(layer, site)).toFloats();
                int[] kept = run.tensor(DecoderGraph.kept(layer, site)).toInts();
                int n = v.length / kept.length;
                int rows = config.feedForward().rowsPerToken(site);
                assertEquals(mask.length * rows, kept.length);
                for (int t = 0; t < kept.length; t++) {
                    int nonZero = 0;
                    for (int j = 0; j < n; j++) {
                        nonZero += v[t * n + j] != 0 ? 1 : 0;
                    }
                    assertEquals(mask[t / rows] == 0 ? -1 : nonZero, kept[t], DecoderGraph.kept(layer, site) + " of token " + t);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"INPUT", "UP", "GATE", "INTERMEDIATE", "ATTENTION_INPUT", "ATTENTION_OUTPUT"})
    void aRuleKeepsWhatItKeepsOfTheVectorAndTheLossFollows(Site site) {
        ModelConfig config = r.model.config();
        double p = 0.8;
        Map<String, INDArray> inputs = withRules(feeds(1, true), config, Set.of(site), "top_p", new double[] {p});
        List<String> outputs = outputs(config, Set.of(site));
        outputs.add(DecoderGraph.site(0, site));
        Instance run = Feeds.run(Program.of(DecoderGraph.evaluation(config, Set.of(site)), CPU), inputs, r.model.parameters(), null, outputs);
        float[] v = run.tensor(DecoderGraph.site(0, site)).toFloats();
        int[] kept = run.tensor(DecoderGraph.kept(0, site)).toInts();
        int n = v.length / kept.length;
        Rule rule = Rules.byName("top_p");
        long[] bits = new long[(n + 63) / 64];
        RowScratch scratch = new RowScratch(n);
        for (int t = 0; t < kept.length - PADDING; t++) {
            int expected = rule.keep(Arrays.copyOfRange(v, t * n, (t + 1) * n), n, new double[] {p}, 0, bits, scratch);
            assertEquals(expected, kept[t], "token " + t);
            assertTrue(expected < n);
        }
        Map<String, INDArray> none = withRules(feeds(1, true), config, Set.of(site), "none", new double[] {0});
        Instance dense = Feeds.run(Program.of(DecoderGraph.evaluation(config, Set.of(site)), CPU), none, r.model.parameters(), null, List.of(DecoderGraph.LOSS));
        assertTrue(Math.abs(run.tensor(DecoderGraph.LOSS).getFloat(0) - dense.tensor(DecoderGraph.LOSS).getFloat(0)) > 1e-4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"INPUT", "UP", "GATE", "INTERMEDIATE", "INPUT INTERMEDIATE", "UP GATE", "INPUT UP GATE INTERMEDIATE", "ATTENTION_INPUT", "ATTENTION_OUTPUT",
        "INTERMEDIATE ATTENTION_OUTPUT", "INPUT UP GATE INTERMEDIATE ATTENTION_INPUT ATTENTION_OUTPUT"})
    void aGridGivesWhatItsPointsGive(String names) {
        Set<Site> sites = EnumSet.noneOf(Site.class);
        Arrays.stream(names.split(" ")).map(Site::valueOf).forEach(sites::add);
        ModelConfig config = r.model.config();
        double[] points = {1, 0.9, 0.6};
        List<String> outputs = outputs(config, sites);
        Map<String, INDArray> one = withRules(feeds(points.length, true), config, sites, "top_p", points);
        Instance separate = Feeds.run(Program.of(DecoderGraph.evaluation(config, sites), CPU), one, r.model.parameters(), null, outputs);
        Map<String, INDArray> grid = withRules(feeds(points.length, true), config, sites, "top_p", points);
        Map<String, INDArray> narrow = feeds(1, true);
        for (String name : List.of(DecoderGraph.INPUT_IDS, DecoderGraph.POSITIONS, DecoderGraph.TOKEN_MASK)) {
            grid.put(name, narrow.get(name));
        }
        Instance shared = Feeds.run(Program.of(DecoderGraph.grid(config, sites), CPU), grid, r.model.parameters(), null, outputs);
        Differences.assertAtMost(1e-5, "nll", separate.tensor(DecoderGraph.NLL).toFloats(), shared.tensor(DecoderGraph.NLL).toFloats());
        for (int layer = 0; layer < config.layers(); layer++) {
            for (Site site : sites) {
                assertArrayEquals(separate.tensor(DecoderGraph.kept(layer, site)).toInts(), shared.tensor(DecoderGraph.kept(layer, site)).toInts(), DecoderGraph.kept(layer, site));
            }
        }
    }

    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void aGridOfEachFamilyGivesWhatItsPointsGive(String name) throws IOException {
        load(name);
        aGridGivesWhatItsPointsGive("INTERMEDIATE");
        aGridGivesWhatItsPointsGive("INPUT INTERMEDIATE");
        aGridGivesWhatItsPointsGive("ATTENTION_INPUT");
        aGridGivesWhatItsPointsGive("ATTENTION_OUTPUT");
        aGridGivesWhatItsPointsGive("INPUT INTERMEDIATE ATTENTION_INPUT ATTENTION_OUTPUT");
        if (r.model.config().feedForward().gated()) {
            aGridGivesWhatItsPointsGive("UP GATE");
        }
    }

    @Test
    void theProgramIsSameDiffs() {
        ModelConfig config = r.model.config();
        Map<String, INDArray> inputs = withRules(feeds(2, true), config, ALL, "top_p", new double[] {0.97, 0.8});
        List<String> outputs = outputs(config, ALL);
        SameDiff graph = DecoderGraph.evaluation(config, ALL);
        Instance run = Feeds.run(Program.of(graph, CPU), inputs, r.model.parameters(), null, outputs);
        GraphValues.attach(graph, r.model.parameters());
        Map<String, INDArray> values = graph.output(inputs, outputs);
        for (String output : outputs) {
            INDArray slow = values.get(output);
            if (slow.dataType() == DataType.FLOAT) {
                Differences.assertSameDiffs(output, slow, run.tensor(output).toFloats());
            } else {
                assertArrayEquals(slow.dup('c').data().asInt(), run.tensor(output).toInts(), output);
            }
        }
    }

    @Test
    void aBlockWithoutAGateHasTwoSitesAndAttentionTwo() {
        ModelConfig config = ModelConfig.llama(11, 6, 7, 2, 4, 2, 2, 1e-5, RotaryPosition.plain(10000), false, FeedForward.ungated("relu"), 8, 0.02, OptionalInt.empty(), List.of());
        assertEquals(EnumSet.of(Site.INPUT, Site.INTERMEDIATE, Site.ATTENTION_INPUT, Site.ATTENTION_OUTPUT), config.sites());
        DecoderGraph.evaluation(config, config.sites());
        assertThrows(IllegalArgumentException.class, () -> DecoderGraph.evaluation(config, EnumSet.of(Site.GATE)));
        assertThrows(IllegalArgumentException.class, () -> DecoderGraph.grid(config, Set.of()));
    }

    /** The batch, once for each point. */
    private Map<String, INDArray> feeds(int points, boolean masked) {
        int n = r.ids.length;
        int[] ids = new int[points * n];
        int[] positions = new int[points * n];
        int[] targets = new int[points * n];
        float[] weights = new float[points * n];
        float[] masks = new float[points * n];
        for (int i = 0; i < points * n; i++) {
            ids[i] = r.ids[i % n];
            positions[i] = r.positions[i % n];
            targets[i] = r.targets[i % n];
            weights[i] = r.weights[i % n];
            masks[i] = mask[i % n];
        }
        int rows = points * r.rows;
        Map<String, INDArray> feeds = new HashMap<>();
        feeds.put(DecoderGraph.INPUT_IDS, Feeds.ints(ids, rows, r.length));
        feeds.put(DecoderGraph.POSITIONS, Feeds.ints(positions, rows, r.length));
        feeds.put(DecoderGraph.TARGETS, Feeds.ints(targets, rows, r.length));
        feeds.put(DecoderGraph.TOKEN_WEIGHT, Feeds.floats(weights, rows, r.length));
        if (masked) {
            feeds.put(DecoderGraph.TOKEN_MASK, Feeds.floats(masks, rows, r.length));
        }
        return feeds;
    }

    private static Map<String, INDArray> withRules(Map<String, INDArray> feeds, ModelConfig config, Set<Site> sites, String rule, double[] points) {
        int[] codes = new int[points.length];
        Arrays.fill(codes, Rules.byName(rule).code());
        for (int layer = 0; layer < config.layers(); layer++) {
            for (Site site : sites) {
                feeds.put(DecoderGraph.rule(layer, site), Feeds.ints(codes, points.length));
                feeds.put(DecoderGraph.parameters(layer, site), Feeds.doubles(points, points.length, 1));
            }
        }
        return feeds;
    }

    private static List<String> outputs(ModelConfig config, Set<Site> sites) {
        List<String> outputs = new ArrayList<>(List.of(DecoderGraph.LOSS, DecoderGraph.NLL));
        for (int layer = 0; layer < config.layers(); layer++) {
            for (Site site : sites) {
                outputs.add(DecoderGraph.kept(layer, site));
            }
        }
        return outputs;
    }
}
