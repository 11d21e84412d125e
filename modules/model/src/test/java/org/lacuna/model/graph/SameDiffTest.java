package org.lacuna.model.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.FeedForwardSite;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The compiled graphs against SameDiff's own execution of the same graphs. */
class SameDiffTest {
    private static final Device CPU = new CpuDevice();

    @TempDir
    Path temporary;

    @ParameterizedTest
    @ValueSource(strings = {"llama-mha", "llama-gqa-tied-llama3rope", "llama-relu"})
    void logitsAreSameDiffs(String name) throws IOException {
        try (Reference r = new Reference(name, false, temporary)) {
            SameDiff graph = DecoderGraph.logits(r.model.config());
            Map<String, INDArray> inputs = new HashMap<>();
            inputs.put(DecoderGraph.INPUT_IDS, Feeds.ints(r.ids, r.rows, r.length));
            inputs.put(DecoderGraph.POSITIONS, Feeds.ints(r.positions, r.rows, r.length));
            Instance run = Feeds.run(Program.of(graph, CPU), inputs, r.model.parameters(), null, List.of(DecoderGraph.LOGITS));
            GraphValues.attach(graph, r.model.parameters());
            Differences.assertSameDiffs(name + " logits", graph.output(inputs, DecoderGraph.LOGITS).get(DecoderGraph.LOGITS), run.tensor(DecoderGraph.LOGITS).toFloats());
        }
    }

    @ParameterizedTest
    @CsvSource({"llama-mha, false", "llama-gqa-tied-llama3rope, true", "llama-relu, false"})
    void objectiveAndGradientsAreSameDiffs(String name, boolean saved) throws IOException {
        try (Reference r = new Reference(name, false, temporary)) {
            ModelConfig config = r.model.config();
            ParameterStore store = r.model.parameters();
            Map<String, INDArray> inputs = new HashMap<>();
            inputs.put(DecoderGraph.INPUT_IDS, Feeds.ints(r.ids, r.rows, r.length));
            inputs.put(DecoderGraph.POSITIONS, Feeds.ints(r.positions, r.rows, r.length));
            inputs.put(DecoderGraph.TARGETS, Feeds.ints(r.targets, r.rows, r.length));
            inputs.put(DecoderGraph.TOKEN_WEIGHT, Feeds.floats(r.weights, r.rows, r.length));
            TrainingForm form = Forms.everywhere(config);
            float[] coefficients = new float[1 + form.penalties().size() * config.layers()];
            for (int i = 0; i < coefficients.length; i++) {
                coefficients[i] = i == 0 ? 0.5f : 0.01f * i;
            }
            inputs.put(DecoderGraph.OBJECTIVE_COEFFICIENTS, Feeds.floats(coefficients, coefficients.length));
            List<String> outputs = new ArrayList<>(List.of(DecoderGraph.OBJECTIVE, DecoderGraph.LOSS, DecoderGraph.NLL));
            for (int layer = 0; layer < config.layers(); layer++) {
                for (int k = 0; k < form.penalties().size(); k++) {
                    outputs.add(DecoderGraph.penalty(k, layer));
                }
                for (FeedForwardSite site : form.observed()) {
                    outputs.add(DecoderGraph.active(site, layer));
                }
            }
            ParameterStore.Flat gradients = store.like();
            SameDiff graph = DecoderGraph.training(config, form);
            Instance run = Feeds.run(Program.of(graph, CPU).gradients(), inputs, store, gradients, outputs);
            GraphValues.attach(graph, store);
            if (saved) {
                File file = temporary.resolve("graph.fb").toFile();
                graph.save(file, false);
                graph = SameDiff.load(file, false);
            }
            assertSame(name, graph, inputs, outputs, run, store, gradients);
        }
    }

    private static void assertSame(String name, SameDiff graph, Map<String, INDArray> inputs, List<String> outputs,
            Instance run, ParameterStore store, ParameterStore.Flat gradients) {
        Map<String, INDArray> values = graph.output(inputs, outputs);
        for (String output : outputs) {
            if (values.get(output).dataType() == DataType.FLOAT) {
                Differences.assertSameDiffs(name + " " + output, values.get(output), run.tensor(output).toFloats());
            } else {
                int[] found = new int[(int) run.tensor(output).length()];
                run.tensor(output).ints().get(found);
                assertArrayEquals(values.get(output).toIntVector(), found, output);
            }
        }
        Map<String, INDArray> slow = graph.calculateGradients(inputs, store.names());
        for (String parameter : store.names()) {
            Differences.assertSameDiffs(name + " gradient of " + parameter, slow.get(parameter), gradients.tensor(parameter).toFloats());
        }
    }
}
