package org.lacuna.model.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.config.Block;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.safetensors.SafetensorsFile;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Rules at attention's sites, against forward passes in plain loops that know neither the engine nor how a family's tensors become a model's. */
class AttentionSitesTest {
    private static final Device CPU = new CpuDevice();
    private static final double[] GRID = {1, 0.9, 0.6, 0.3, 0};
    private static final Set<Site> ATTENTION = EnumSet.of(Site.ATTENTION_INPUT, Site.ATTENTION_OUTPUT);

    @TempDir
    Path temporary;

    static Stream<Arguments> sites() {
        return Stream.of("llama-mha", "gpt2", "gpt-neox").flatMap(name -> ATTENTION.stream().map(site -> Arguments.of(name, site)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-mha", "gpt2", "gpt-neox"})
    void plainLoopsWithoutARuleAreTheFamilys(String name) throws IOException {
        try (Reference r = new Reference(name, false, temporary); SafetensorsFile file = SafetensorsFile.open(temporary.resolve(name).resolve("model.safetensors"))) {
            Differences.assertAtMost(3e-6, name, r.expected.floats("logits"), floats(plain(r, file, null, 1, new int[0])));
        }
    }

    /** Logits of a graph that keeps keys and values, and all points of a grid at once by their losses. */
    @ParameterizedTest
    @MethodSource("sites")
    void logitsLossesAndCountsAreThoseOfPlainLoops(String name, Site site) throws IOException {
        try (Reference r = new Reference(name, false, temporary); SafetensorsFile file = SafetensorsFile.open(temporary.resolve(name).resolve("model.safetensors"))) {
            ModelConfig config = r.model.config();
            Instance grid = grid(r, site);
            float[] nll = grid.tensor(DecoderGraph.NLL).toFloats();
            int tokens = r.ids.length;
            for (int point = 0; point < GRID.length; point++) {
                String what = name + " at " + site + ", p = " + GRID[point];
                int[] kept = new int[config.layers() * tokens];
                double[][] expected = plain(r, file, site, GRID[point], kept);
                Instance run = decoding(r, Set.of(site), GRID[point]);
                Differences.assertAtMost(3e-5, what, floats(expected), run.tensor(DecoderGraph.LOGITS).toFloats());
                double left = 0;
                for (int layer = 0; layer < config.layers(); layer++) {
                    int[] here = Arrays.copyOfRange(kept, layer * tokens, (layer + 1) * tokens);
                    assertArrayEquals(here, run.tensor(DecoderGraph.kept(layer, site)).toInts(), what);
                    assertArrayEquals(here, Arrays.copyOfRange(grid.tensor(DecoderGraph.kept(layer, site)).toInts(), point * tokens, (point + 1) * tokens), what);
                    left += Arrays.stream(here).sum();
                }
                double share = left / (config.layers() * (double) tokens * config.width(site));
                assertTrue(GRID[point] == 1 ? share == 1 : share < GRID[point] || share == 0, what + " keeps " + share);
                for (int t = 0; t < tokens; t++) {
                    double loss = r.targets[t] < 0 ? 0 : loss(expected[t], r.targets[t]);
                    assertEquals(loss, nll[point * tokens + t], 3e-5, what + ", token " + t);
                }
            }
        }
    }

    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void pOfOneIsDenseBitForBit(String name) throws IOException {
        try (Reference r = new Reference(name, false, temporary)) {
            float[] dense = decoding(r, Set.of(), 1).tensor(DecoderGraph.LOGITS).toFloats();
            for (Set<Site> sites : List.of(Set.of(Site.ATTENTION_INPUT), Set.of(Site.ATTENTION_OUTPUT), ATTENTION)) {
                Instance run = decoding(r, sites, 1);
                assertArrayEquals(dense, run.tensor(DecoderGraph.LOGITS).toFloats(), name + " at " + sites);
                for (Site site : sites) {
                    int[] all = new int[r.ids.length];
                    Arrays.fill(all, r.model.config().width(site));
                    assertArrayEquals(all, run.tensor(DecoderGraph.kept(1, site)).toInts(), name + " at " + site);
                }
            }
        }
    }

    /** Where branches stand side by side each has its own norm: what attention loses, the feed-forward block does not. */
    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void attentionsInputIsNotTheBlocks(String name) throws IOException {
        try (Reference r = new Reference(name, false, temporary)) {
            String output = DecoderGraph.feedForward(0);
            float[] dense = decoding(r, Set.of(), 1, output, DecoderGraph.attention(0)).tensor(output).toFloats();
            Instance run = decoding(r, ATTENTION, 0, output, DecoderGraph.attention(0));
            if (r.model.config().block() == Block.PARALLEL) {
                assertArrayEquals(dense, run.tensor(output).toFloats());
            }
            // Nothing is left of what the output projection reads, so that it gives its bias, if it has one.
            float[] bias = r.model.config().attention().outputBias()
                    ? r.model.parameters().tensor(DecoderParameters.bias(DecoderParameters.module(0, "self_attn.o_proj"))).toFloats() : new float[r.model.config().hidden()];
            float[] attention = run.tensor(DecoderGraph.attention(0)).toFloats();
            for (int i = 0; i < attention.length; i++) {
                assertEquals(bias[i % bias.length], attention[i], 1e-30f, name); // 0 may have either sign
            }
        }
    }

    private static double[][] plain(Reference r, SafetensorsFile file, Site site, double p, int[] kept) {
        List<double[]> logits = new ArrayList<>();
        for (int row = 0; row < r.rows; row++) {
            PlainDecoder decoder = new PlainDecoder(file, r.model.config(), site, p, r.length);
            logits.addAll(List.of(decoder.logits(Arrays.copyOfRange(r.ids, row * r.length, (row + 1) * r.length))));
            for (int layer = 0; layer < decoder.kept.length && kept.length > 0; layer++) {
                System.arraycopy(decoder.kept[layer], 0, kept, layer * r.ids.length + row * r.length, r.length);
            }
        }
        return logits.toArray(double[][]::new);
    }

    private static Instance decoding(Reference r, Set<Site> sites, double p, String... more) {
        ModelConfig config = r.model.config();
        Map<String, INDArray> inputs = texts(r, !sites.isEmpty());
        inputs.put(DecoderGraph.PAST, Feeds.ints(new int[] {0}, 1));
        List<String> outputs = new ArrayList<>(List.of(more));
        outputs.add(DecoderGraph.LOGITS);
        for (int layer = 0; layer < config.layers(); layer++) {
            for (String cache : List.of(DecoderGraph.pastKeys(layer), DecoderGraph.pastValues(layer))) {
                inputs.put(cache, Nd4j.zeros(DataType.FLOAT, r.rows, r.length, (long) config.kvHeads() * config.headSize()));
            }
        }
        rules(config, sites, new double[] {p}, inputs, outputs);
        return Feeds.run(Program.of(DecoderGraph.decoding(config, LowRank.none(), sites, false), CPU), inputs, r.model.parameters(), null, outputs);
    }

    private static Instance grid(Reference r, Site site) {
        Map<String, INDArray> inputs = texts(r, true);
        int n = r.ids.length;
        inputs.put(DecoderGraph.TARGETS, Feeds.ints(IntStream.range(0, GRID.length * n).map(i -> r.targets[i % n]).toArray(), (long) GRID.length * r.rows, r.length));
        float[] weights = new float[GRID.length * n];
        Arrays.fill(weights, 1);
        inputs.put(DecoderGraph.TOKEN_WEIGHT, Feeds.floats(weights, (long) GRID.length * r.rows, r.length));
        List<String> outputs = new ArrayList<>(List.of(DecoderGraph.NLL));
        rules(r.model.config(), Set.of(site), GRID, inputs, outputs);
        return Feeds.run(Program.of(DecoderGraph.grid(r.model.config(), Set.of(site)), CPU), inputs, r.model.parameters(), null, outputs);
    }

    private static Map<String, INDArray> texts(Reference r, boolean masked) {
        Map<String, INDArray> inputs = new HashMap<>();
        inputs.put(DecoderGraph.INPUT_IDS, Feeds.ints(r.ids, r.rows, r.length));
        inputs.put(DecoderGraph.POSITIONS, Feeds.ints(r.positions, r.rows, r.length));
        if (masked) {
            float[] ones = new float[r.ids.length];
            Arrays.fill(ones, 1);
            inputs.put(DecoderGraph.TOKEN_MASK, Feeds.floats(ones, r.rows, r.length));
        }
        return inputs;
    }

    private static void rules(ModelConfig config, Set<Site> sites, double[] points, Map<String, INDArray> inputs, List<String> outputs) {
        int[] codes = new int[points.length];
        Arrays.fill(codes, Rules.byName("top_p").code());
        for (int layer = 0; layer < config.layers(); layer++) {
            for (Site site : sites) {
                inputs.put(DecoderGraph.rule(layer, site), Feeds.ints(codes, points.length));
                inputs.put(DecoderGraph.parameters(layer, site), Feeds.doubles(points, points.length, 1));
                outputs.add(DecoderGraph.kept(layer, site));
            }
        }
    }

    private static double loss(double[] logits, int target) {
        double largest = Arrays.stream(logits).max().orElseThrow();
        return largest + Math.log(Arrays.stream(logits).map(z -> Math.exp(z - largest)).sum()) - logits[target];
    }

    private static float[] floats(double[][] rows) {
        float[] all = new float[rows.length * rows[0].length];
        for (int i = 0; i < all.length; i++) {
            all[i] = (float) rows[i / rows[0].length][i % rows[0].length];
        }
        return all;
    }
}
