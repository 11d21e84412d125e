package org.lacuna.model.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.Initialization;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.sparsity.Site;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A model with an activation behind the norms in front of attention and feed-forward block. */
class NormActivationTest {
    private static final Device CPU = new CpuDevice();
    private static final int ROWS = 2;
    private static final int LENGTH = 5;
    private static final int HIDDEN = 12;
    private static final int INNER = 21;
    private static final int VOCABULARY = 31;

    private static ModelConfig config() {
        return ModelConfig.llama(VOCABULARY, HIDDEN, INNER, 2, 2, 1, 6, 1e-5, RotaryPosition.plain(10_000), true, FeedForward.gated("silu"), 16, 0.4, OptionalInt.empty(), List.of());
    }

    private static Map<String, INDArray> inputs() {
        Map<String, INDArray> inputs = new HashMap<>();
        inputs.put(DecoderGraph.INPUT_IDS, Feeds.ints(new Random(1).ints(ROWS * LENGTH, 0, VOCABULARY).toArray(), ROWS, LENGTH));
        inputs.put(DecoderGraph.POSITIONS, Feeds.ints(IntStream.range(0, ROWS * LENGTH).map(i -> i % LENGTH).toArray(), ROWS, LENGTH));
        return inputs;
    }

    @Test
    void whatTheProjectionsReadIsActivated() {
        ModelConfig config = config().withNormActivation("relu");
        ParameterStore store = Initialization.of(config, CPU, 5).parameters();
        List<String> outputs = new ArrayList<>(List.of(DecoderGraph.LOGITS, "output_norm"));
        for (int layer = 0; layer < 2; layer++) {
            for (String at : List.of("attention.input", "attention.v", "mlp.input", "mlp.up")) {
                outputs.add("layers." + layer + "." + at);
            }
            outputs.add("layers." + layer + ".attention.input.normed");
            outputs.add("layers." + layer + ".mlp.input.normed");
        }
        Instance run = Feeds.run(Program.of(DecoderGraph.logits(config), CPU), inputs(), store, null, outputs);
        for (int layer = 0; layer < 2; layer++) {
            assertActivated(run, store, "layers." + layer + ".attention.input", "layers." + layer + ".attention.v", DecoderParameters.module(layer, "self_attn.v_proj"), 6);
            assertActivated(run, store, DecoderGraph.site(layer, Site.INPUT), DecoderGraph.site(layer, Site.UP), DecoderParameters.module(layer, "mlp.up_proj"), INNER);
        }
        assertTrue(negatives(run.tensor("output_norm").toFloats()) > 10, "the last norm has nothing behind it");
    }

    /** The site is the ReLU of the norm's output, and the projection is of that. */
    private static void assertActivated(Instance run, ParameterStore store, String input, String projected, String module, int out) {
        float[] normed = run.tensor(input + ".normed").toFloats();
        float[] x = run.tensor(input).toFloats();
        int negative = negatives(normed);
        assertTrue(negative > 10 && negative < normed.length - 10, input);
        for (int i = 0; i < x.length; i++) {
            assertEquals(Math.max(0, normed[i]), x[i]);
        }
        float[] weight = store.tensor(DecoderParameters.weight(module)).toFloats();
        float[] y = run.tensor(projected).toFloats();
        for (int i = 0; i < y.length; i++) {
            double sum = 0;
            double magnitudes = 0;
            for (int j = 0; j < HIDDEN; j++) {
                double term = (double) x[i / out * HIDDEN + j] * weight[i % out * HIDDEN + j];
                sum += term;
                magnitudes += Math.abs(term);
            }
            assertEquals(sum, y[i], 4 * Math.sqrt(HIDDEN) * 0x1p-24 * magnitudes, projected);
        }
    }

    private static int negatives(float[] values) {
        return (int) IntStream.range(0, values.length).filter(i -> values[i] < 0).count();
    }

    @Test
    void sameDiffAgrees() {
        ModelConfig config = config().withNormActivation("gelu");
        ParameterStore store = Initialization.of(config, CPU, 5).parameters();
        SameDiff graph = DecoderGraph.logits(config);
        Instance run = Feeds.run(Program.of(graph, CPU), inputs(), store, null, List.of(DecoderGraph.LOGITS));
        GraphValues.attach(graph, store);
        Differences.assertSameDiffs("logits", graph.output(inputs(), DecoderGraph.LOGITS).get(DecoderGraph.LOGITS), run.tensor(DecoderGraph.LOGITS).toFloats());
    }

    /** Its zeros are there for the site's rule to count: at the input too. */
    @Test
    void theInputsZerosAreCounted() {
        ModelConfig config = config().withNormActivation("relu");
        ParameterStore store = Initialization.of(config, CPU, 5).parameters();
        Map<String, INDArray> inputs = inputs();
        inputs.put(DecoderGraph.TARGETS, inputs.get(DecoderGraph.INPUT_IDS));
        float[] ones = new float[ROWS * LENGTH];
        Arrays.fill(ones, 1);
        inputs.put(DecoderGraph.TOKEN_WEIGHT, Feeds.floats(ones, ROWS, LENGTH));
        inputs.put(DecoderGraph.TOKEN_MASK, Feeds.floats(ones, ROWS, LENGTH));
        for (int layer = 0; layer < 2; layer++) {
            inputs.put(DecoderGraph.rule(layer, Site.INPUT), Feeds.ints(new int[] {0}, 1));
            inputs.put(DecoderGraph.parameters(layer, Site.INPUT), Feeds.doubles(new double[] {0}, 1, 1));
        }
        Instance run = Feeds.run(Program.of(DecoderGraph.evaluation(config, Set.of(Site.INPUT)), CPU), inputs, store, null,
                List.of(DecoderGraph.kept(1, Site.INPUT), DecoderGraph.site(1, Site.INPUT)));
        float[] x = run.tensor(DecoderGraph.site(1, Site.INPUT)).toFloats();
        int[] expected = new int[ROWS * LENGTH];
        for (int i = 0; i < x.length; i++) {
            expected[i / HIDDEN] += x[i] != 0 ? 1 : 0;
        }
        assertTrue(IntStream.of(expected).sum() < x.length - 10);
        assertArrayEquals(expected, run.tensor(DecoderGraph.kept(1, Site.INPUT)).toInts());
    }
}
