package org.lacuna.model.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.rule.Rules;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The compiled graphs against SameDiff's own execution of the same graphs. */
class SameDiffTest {
    private static final Device CPU = new CpuDevice();

    @TempDir
    Path temporary;

    @ParameterizedTest
    @ValueSource(strings = {"llama-mha", "llama-gqa-tied-llama3rope", "llama-relu"})
    void logitsAreSameDiffs(String name) throws IOException {
        try (Reference r = new Reference(name, false, temporary)) {
            SameDiff graph = LlamaGraph.logits(r.model.config());
            Map<String, INDArray> inputs = new HashMap<>();
            inputs.put(LlamaGraph.INPUT_IDS, ints(r.ids, r.rows, r.length));
            inputs.put(LlamaGraph.POSITIONS, ints(r.positions, r.rows, r.length));
            Instance run = run(Program.of(graph, CPU), inputs, r.model.parameters(), null, LlamaGraph.LOGITS);
            GraphValues.attach(graph, r.model.parameters());
            assertClose(name + " logits", graph.output(inputs, LlamaGraph.LOGITS).get(LlamaGraph.LOGITS), run.tensor(LlamaGraph.LOGITS).toFloats());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-mha", "llama-gqa-tied-llama3rope", "llama-relu"})
    void objectiveAndGradientsAreSameDiffsBeforeAndAfterSaving(String name) throws IOException {
        try (Reference r = new Reference(name, false, temporary)) {
            ModelConfig config = r.model.config();
            ParameterStore store = r.model.parameters();
            Map<String, INDArray> inputs = new HashMap<>();
            inputs.put(LlamaGraph.INPUT_IDS, ints(r.ids, r.rows, r.length));
            inputs.put(LlamaGraph.POSITIONS, ints(r.positions, r.rows, r.length));
            inputs.put(LlamaGraph.TARGETS, ints(r.targets, r.rows, r.length));
            inputs.put(LlamaGraph.TOKEN_WEIGHT, floats(r.weights, r.rows, r.length));
            float[] coefficients = new float[1 + config.layers()];
            for (int i = 0; i < coefficients.length; i++) {
                coefficients[i] = i == 0 ? 0.5f : 0.01f * i;
            }
            inputs.put(LlamaGraph.OBJECTIVE_COEFFICIENTS, floats(coefficients, coefficients.length));
            List<String> outputs = new ArrayList<>(List.of(LlamaGraph.OBJECTIVE, LlamaGraph.LOSS, LlamaGraph.NLL));
            for (int layer = 0; layer < config.layers(); layer++) {
                outputs.add(LlamaGraph.penalty(layer));
                outputs.add(LlamaGraph.zeros(layer));
            }
            ParameterStore.Flat gradients = store.like();
            SameDiff graph = LlamaGraph.training(config);
            Instance run = run(Program.of(graph, CPU).gradients(), inputs, store, gradients, outputs.toArray(String[]::new));
            GraphValues.attach(graph, store);
            assertSame(name, graph, inputs, outputs, run, store, gradients);

            File saved = temporary.resolve("graph.fb").toFile();
            graph.save(saved, false);
            SameDiff loaded = SameDiff.load(saved, false);
            assertSame(name + " loaded", loaded, inputs, outputs, run, store, gradients);
        }
    }

    private static void assertSame(String name, SameDiff graph, Map<String, INDArray> inputs, List<String> outputs,
            Instance run, ParameterStore store, ParameterStore.Flat gradients) {
        Map<String, INDArray> values = graph.output(inputs, outputs);
        for (String output : outputs) {
            if (values.get(output).dataType() == DataType.FLOAT) {
                assertClose(name + " " + output, values.get(output), run.tensor(output).toFloats());
            } else {
                assertEquals(values.get(output).getLong(0), run.tensor(output).bytes().getLong(0), output);
            }
        }
        Map<String, INDArray> slow = graph.calculateGradients(inputs, store.names());
        for (String parameter : store.names()) {
            assertClose(name + " gradient of " + parameter, slow.get(parameter), gradients.tensor(parameter).toFloats());
        }
    }

    @Test
    void evaluationIsSameDiffs() throws IOException {
        try (Reference r = new Reference("llama-gqa-tied-llama3rope", false, temporary)) {
            ModelConfig config = r.model.config();
            Map<String, INDArray> inputs = evaluationInputs(r, 2);
            List<String> outputs = evaluationOutputs(config);
            SameDiff graph = LlamaGraph.evaluation(config, EnumSet.allOf(Site.class));
            Instance run = run(Program.of(graph, CPU), inputs, r.model.parameters(), null, outputs.toArray(String[]::new));
            GraphValues.attach(graph, r.model.parameters());
            Map<String, INDArray> values = graph.output(inputs, outputs);
            for (String output : outputs) {
                if (values.get(output).dataType() == DataType.FLOAT) {
                    assertClose(output, values.get(output), run.tensor(output).toFloats());
                } else {
                    int[] slow = values.get(output).dup('c').data().asInt();
                    org.junit.jupiter.api.Assertions.assertArrayEquals(slow, run.tensor(output).toInts(), output);
                }
            }
        }
    }

    private static Map<String, INDArray> evaluationInputs(Reference r, int points) {
        Map<String, INDArray> inputs = new HashMap<>();
        return inputs;
    }

    private static List<String> evaluationOutputs(ModelConfig config) {
        return List.of();
    }

    private static Instance run(Program.Builder builder, Map<String, INDArray> inputs, ParameterStore store, ParameterStore.Flat gradients, String... outputs) {
        inputs.forEach((name, array) -> builder.placeholder(name, array.shape()));
        Instance run = builder.outputs(outputs).build().debugInstance(store.values(), gradients);
        inputs.forEach((name, array) -> {
            switch (array.dataType()) {
                case FLOAT -> run.tensor(name).set(array.dup('c').data().asFloat());
                case DOUBLE -> run.tensor(name).set(array.dup('c').data().asDouble());
                default -> run.tensor(name).set(array.dup('c').data().asInt());
            }
        });
        run.run();
        return run;
    }

    private static INDArray ints(int[] values, long... shape) {
        return Nd4j.createFromArray(values).reshape('c', shape);
    }

    private static INDArray floats(float[] values, long... shape) {
        return Nd4j.createFromArray(values).reshape('c', shape);
    }

    /** The tolerance that the project promises between the two: 1e-5 of the largest entry and 1e-7. */
    private static void assertClose(String what, INDArray expected, float[] found) {
        float[] slow = expected.dup('c').data().asFloat();
        assertEquals(slow.length, found.length, what);
        double largest = 0;
        double worst = 0;
        for (int i = 0; i < slow.length; i++) {
            largest = Math.max(largest, Math.abs(slow[i]));
            double difference = Math.abs((double) slow[i] - found[i]);
            worst = difference <= worst ? worst : difference;
        }
        assertTrue(worst <= 1e-5 * largest + 1e-7, what + ": largest difference " + worst + ", largest entry " + largest);
    }
}
