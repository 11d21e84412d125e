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
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.Initialization;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.FeedForwardSite;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.sparsity.Site;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A model whose ReLU has a threshold in each layer. */
class ThresholdsTest {
    private static final Device CPU = new CpuDevice();
    private static final int ROWS = 2;
    private static final int LENGTH = 9;
    private static final int LAYERS = 3;
    private static final int INNER = 21;

    static List<FeedForward> forms() {
        return List.of(FeedForward.gated("relu"), FeedForward.ungated("relu"), FeedForward.dRelu());
    }

    private static ModelConfig config(FeedForward form) {
        return ModelConfig.llama(31, 12, INNER, LAYERS, 2, 1, 6, 1e-5, RotaryPosition.plain(10_000), true, form, 16, 0.4, OptionalInt.empty(), List.of());
    }

    private static Map<String, INDArray> inputs(boolean training) {
        Random random = new Random(1);
        Map<String, INDArray> inputs = new HashMap<>();
        int n = ROWS * LENGTH;
        inputs.put(DecoderGraph.INPUT_IDS, Feeds.ints(random.ints(n, 0, 31).toArray(), ROWS, LENGTH));
        inputs.put(DecoderGraph.POSITIONS, Feeds.ints(IntStream.range(0, n).map(i -> i % LENGTH).toArray(), ROWS, LENGTH));
        if (training) {
            inputs.put(DecoderGraph.TARGETS, Feeds.ints(random.ints(n, 0, 31).toArray(), ROWS, LENGTH));
            float[] weights = new float[n];
            Arrays.fill(weights, 1f / n);
            inputs.put(DecoderGraph.TOKEN_WEIGHT, Feeds.floats(weights, ROWS, LENGTH));
            inputs.put(DecoderGraph.OBJECTIVE_COEFFICIENTS, Feeds.floats(new float[] {1, 0.1f, 0.1f, 0.1f}, 1 + LAYERS));
        }
        return inputs;
    }

    private static final TrainingForm L1 = new TrainingForm(List.of(Forms.form("l1", FeedForwardSite.INTERMEDIATE)), 0);

    private static ParameterStore store(ModelConfig config) {
        return Initialization.of(config, CPU, 5).parameters();
    }

    /** What a step of training gives: the objective, zeros and all gradients. */
    private static List<float[]> step(ModelConfig config) {
        ParameterStore store = store(config);
        ParameterStore.Flat gradients = store.like();
        Instance run = Feeds.run(Program.of(DecoderGraph.training(config, L1), CPU).gradients(), inputs(true), store, gradients, List.of(DecoderGraph.OBJECTIVE, DecoderGraph.NLL));
        List<float[]> all = new ArrayList<>(List.of(run.tensor(DecoderGraph.OBJECTIVE).toFloats(), run.tensor(DecoderGraph.NLL).toFloats()));
        store.names().forEach(name -> all.add(gradients.tensor(name).toFloats()));
        return all;
    }

    @ParameterizedTest
    @MethodSource("forms")
    void thresholdsOfZeroAreRelusBits(FeedForward form) {
        List<float[]> plain = step(config(form));
        List<float[]> zero = step(config(form.withThresholds(List.of(0.0, 0.0, 0.0))));
        List<float[]> cut = step(config(form.withThresholds(List.of(0.0, 0.2, 0.0))));
        for (int i = 0; i < plain.size(); i++) {
            assertArrayEquals(plain.get(i), zero.get(i));
        }
        assertTrue(plain.get(0)[0] != cut.get(0)[0], "a threshold does something");
    }

    /** Layers before the first threshold are those of the plain model; there, and in the layer that has it, what goes into the activation is the same. */
    @ParameterizedTest
    @MethodSource("forms")
    void aLayersThresholdCutsItsOwnGate(FeedForward form) {
        double t = 0.3;
        ModelConfig plain = config(form);
        ModelConfig cut = config(form.withThresholds(List.of(0.0, t, 0.0)));
        Site site = form.gated() ? Site.GATE : Site.INTERMEDIATE;
        List<String> sites = IntStream.range(0, LAYERS).mapToObj(layer -> DecoderGraph.site(layer, site)).toList();
        List<String> outputs = new ArrayList<>(sites);
        IntStream.range(0, LAYERS).forEach(layer -> outputs.add(DecoderGraph.site(layer, Site.INTERMEDIATE)));
        Instance dense = Feeds.run(Program.of(DecoderGraph.logits(plain), CPU), inputs(false), store(plain), null, outputs);
        Instance thresholded = Feeds.run(Program.of(DecoderGraph.logits(cut), CPU), inputs(false), store(cut), null, outputs);
        assertArrayEquals(dense.tensor(sites.get(0)).toFloats(), thresholded.tensor(sites.get(0)).toFloats());
        float[] expected = dense.tensor(sites.get(1)).toFloats();
        int dropped = 0;
        for (int i = 0; i < expected.length; i++) {
            if (expected[i] != 0 && expected[i] < (float) t) {
                expected[i] = 0;
                dropped++;
            }
        }
        assertTrue(dropped > 10, dropped + " dropped");
        assertArrayEquals(expected, thresholded.tensor(sites.get(1)).toFloats());

        // The graph that makes the intermediate in one op gives the same.
        Map<String, INDArray> inputs = inputs(true);
        List<String> intermediates = outputs.subList(LAYERS, 2 * LAYERS);
        List<String> fusedOutputs = new ArrayList<>(intermediates);
        IntStream.range(0, LAYERS).forEach(layer -> fusedOutputs.add(DecoderGraph.active(FeedForwardSite.INTERMEDIATE, layer)));
        Instance fused = Feeds.run(Program.of(DecoderGraph.training(cut, L1), CPU), inputs, store(cut), null, fusedOutputs);
        for (int layer = 0; layer < LAYERS; layer++) {
            float[] i = fused.tensor(intermediates.get(layer)).toFloats();
            assertArrayEquals(thresholded.tensor(intermediates.get(layer)).toFloats(), i);
            long active = IntStream.range(0, i.length).filter(j -> i[j] != 0).count();
            int[] counts = new int[(int) fused.tensor(DecoderGraph.active(FeedForwardSite.INTERMEDIATE, layer)).length()];
            fused.tensor(DecoderGraph.active(FeedForwardSite.INTERMEDIATE, layer)).ints().get(counts);
            assertEquals(active, IntStream.of(counts).sum());
        }
    }

    @Test
    void oneOpStillMakesTheIntermediate() {
        FeedForward relu = FeedForward.gated("relu");
        assertEquals(ops(config(relu)), ops(config(relu.withThresholds(List.of(0.1, 0.2, 0.3)))));
    }

    private static List<String> ops(ModelConfig config) {
        Program.Builder builder = Program.of(DecoderGraph.training(config, L1), CPU).outputs(DecoderGraph.OBJECTIVE).gradients();
        inputs(true).forEach((name, array) -> builder.placeholder(name, array.shape()));
        return builder.build().opNames();
    }
}
