package org.lacuna.model.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.sparsity.Site;

/** The compiled graphs against what transformers computes from the same weights, for both spellings of the config. */
class ParityTest {
    private static final String MODELS = """
            llama-mha, false
            llama-mha, true
            llama-gqa-tied-llama3rope, false
            llama-gqa-tied-llama3rope, true
            llama-relu, false
            llama-relu, true
            """;

    private static final Device CPU = new CpuDevice();

    @TempDir
    Path temporary;

    @ParameterizedTest
    @CsvSource(textBlock = MODELS)
    void logitsAndSites(String name, boolean hub) throws IOException {
        try (Reference r = new Reference(name, hub, temporary)) {
            ModelConfig config = r.model.config();
            List<String> outputs = new ArrayList<>(List.of(LlamaGraph.LOGITS));
            for (int layer = 0; layer < config.layers(); layer++) {
                outputs.add(LlamaGraph.output(layer));
                for (Site site : Site.values()) {
                    outputs.add(LlamaGraph.site(layer, site));
                }
            }
            Instance run = Program.of(LlamaGraph.logits(config), CPU)
                    .placeholder(LlamaGraph.INPUT_IDS, r.rows, r.length)
                    .placeholder(LlamaGraph.POSITIONS, r.rows, r.length)
                    .outputs(outputs.toArray(String[]::new))
                    .build().debugInstance(r.model.parameters().values(), null);
            run.tensor(LlamaGraph.INPUT_IDS).set(r.ids);
            run.tensor(LlamaGraph.POSITIONS).set(r.positions);
            run.run();
            Differences.assertAtMost(3e-5, name + " logits", r.expected.floats("logits"), run.tensor(LlamaGraph.LOGITS).toFloats());
            for (int layer = 0; layer < config.layers(); layer++) {
                Differences.assertAtMost(1e-4, name + " hidden", r.expected.floats("hidden." + layer), run.tensor(LlamaGraph.output(layer)).toFloats());
            }
            for (int layer : new int[] {0, config.layers() - 1}) {
                for (Site site : Site.values()) {
                    Differences.assertAtMost(1e-4, name + " site " + site.key(), r.expected.floats("site." + layer + "." + site.key()),
                            run.tensor(LlamaGraph.site(layer, site)).toFloats());
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource(textBlock = MODELS)
    void lossAndGradients(String name, boolean hub) throws IOException {
        try (Reference r = new Reference(name, hub, temporary)) {
            ModelConfig config = r.model.config();
            ParameterStore store = r.model.parameters();
            ParameterStore.Flat gradients = store.like();
            Instance run = Program.of(LlamaGraph.training(config), CPU)
                    .placeholder(LlamaGraph.INPUT_IDS, r.rows, r.length)
                    .placeholder(LlamaGraph.POSITIONS, r.rows, r.length)
                    .placeholder(LlamaGraph.TARGETS, r.rows, r.length)
                    .placeholder(LlamaGraph.TOKEN_WEIGHT, r.rows, r.length)
                    .placeholder(LlamaGraph.OBJECTIVE_COEFFICIENTS, 1 + config.layers())
                    .outputs(LlamaGraph.LOSS, LlamaGraph.NLL, LlamaGraph.OBJECTIVE)
                    .gradients()
                    .build().debugInstance(store.values(), gradients);
            run.tensor(LlamaGraph.INPUT_IDS).set(r.ids);
            run.tensor(LlamaGraph.POSITIONS).set(r.positions);
            run.tensor(LlamaGraph.TARGETS).set(r.targets);
            run.tensor(LlamaGraph.TOKEN_WEIGHT).set(r.weights);
            run.tensor(LlamaGraph.OBJECTIVE_COEFFICIENTS).setFloat(0, 1);
            run.run();
            Differences.assertAtMost(1e-6, name + " loss", r.expected.floats("loss"), run.tensor(LlamaGraph.LOSS).toFloats());
            assertEquals(run.tensor(LlamaGraph.LOSS).getFloat(0), run.tensor(LlamaGraph.OBJECTIVE).getFloat(0));
            for (String parameter : store.names()) {
                float[] expected = r.expected.floats("grad." + parameter);
                Differences.assertAtMost(2e-4 * Differences.largest(expected) + 1e-6, name + " gradient of " + parameter,
                        expected, gradients.tensor(parameter).toFloats());
            }
        }
    }
}
