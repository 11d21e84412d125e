package org.lacuna.model.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.family.FileTensor;
import org.lacuna.model.family.HuggingFaceWeights;
import org.lacuna.model.safetensors.SafetensorsFile;
import org.lacuna.sparsity.Site;

/** The compiled graphs of every family against what transformers computes from the same weights, for both spellings of the config. */
class ParityTest {
    private static final Device CPU = new CpuDevice();

    @TempDir
    Path temporary;

    static Stream<Arguments> models() {
        return Fixtures.NAMES.stream().flatMap(name -> Stream.of(Arguments.of(name, false), Arguments.of(name, true)));
    }

    @ParameterizedTest
    @MethodSource("models")
    void logitsAndSites(String name, boolean hub) throws IOException {
        try (Reference r = new Reference(name, hub, temporary)) {
            ModelConfig config = r.model.config();
            Map<String, String> sites = sites(config);
            List<String> outputs = new ArrayList<>(List.of(DecoderGraph.LOGITS));
            outputs.addAll(sites.values());
            for (int layer = 0; layer < config.layers(); layer++) {
                outputs.add(DecoderGraph.output(layer));
            }
            Instance run = logits(config, r.rows, r.length, outputs, r.model.parameters());
            run.tensor(DecoderGraph.INPUT_IDS).set(r.ids);
            run.tensor(DecoderGraph.POSITIONS).set(r.positions);
            run.run();
            Differences.assertAtMost(3e-5, name + " logits", r.expected.floats("logits"), run.tensor(DecoderGraph.LOGITS).toFloats());
            for (int layer = 0; layer < config.layers(); layer++) {
                Differences.assertAtMost(1e-4, name + " hidden", r.expected.floats("hidden." + layer), run.tensor(DecoderGraph.output(layer)).toFloats());
            }
            sites.forEach((site, variable) -> Differences.assertAtMost(1e-4, name + " " + site, r.expected.floats(site), run.tensor(variable).toFloats()));
            Set<String> named = r.expected.tensors().keySet().stream().filter(t -> t.startsWith("site.")).collect(Collectors.toSet());
            named.removeAll(sites.keySet());
            named.removeIf(t -> t.endsWith(".experts")); // ids, compared where they are integers
            assertEquals(Set.of(), named, "sites that were not compared");
        }
    }

    /** What the fixtures call the sites of the first and the last layer, and the variables that hold them. */
    private static Map<String, String> sites(ModelConfig config) {
        Map<String, String> sites = new TreeMap<>();
        for (int layer : new int[] {0, config.layers() - 1}) {
            for (Site site : config.feedForward().sites()) {
                sites.put("site." + layer + "." + site.key(), DecoderGraph.site(layer, site));
            }
            if (!config.feedForward().gated()) {
                sites.put("site." + layer + ".preact", DecoderGraph.preActivation(layer));
            }
            if (config.feedForward().experts().isPresent()) {
                sites.put("site." + layer + ".router_logits", DecoderGraph.routerLogits(layer));
                sites.put("site." + layer + ".weights", DecoderGraph.expertWeights(layer));
            }
        }
        return sites;
    }

    private static Instance logits(ModelConfig config, int rows, int length, List<String> outputs, ParameterStore store) {
        return Program.of(DecoderGraph.logits(config), CPU)
                .placeholder(DecoderGraph.INPUT_IDS, rows, length)
                .placeholder(DecoderGraph.POSITIONS, rows, length)
                .outputs(outputs.toArray(String[]::new))
                .build().debugInstance(store.values(), null);
    }

    /** Row 1 ends with padding, which nothing before it sees. */
    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void logitsOfAPaddedBatch(String name) throws IOException {
        try (Reference r = new Reference(name, false, temporary); SafetensorsFile padded = SafetensorsFile.open(temporary.resolve(name).resolve("padded.safetensors"))) {
            ModelConfig config = r.model.config();
            int[] ids = Arrays.stream(padded.longs("input_ids")).mapToInt(Math::toIntExact).toArray();
            long[] mask = padded.longs("attention_mask");
            int rows = (int) padded.tensor("input_ids").shape()[0];
            int length = ids.length / rows;
            Instance run = logits(config, rows, length, List.of(DecoderGraph.LOGITS), r.model.parameters());
            run.tensor(DecoderGraph.INPUT_IDS).set(ids);
            run.tensor(DecoderGraph.POSITIONS).set(IntStream.range(0, ids.length).map(i -> i % length).toArray());
            run.run();
            float[] found = run.tensor(DecoderGraph.LOGITS).toFloats();
            for (int i = 0; i < found.length; i++) {
                found[i] *= mask[i / config.vocabulary()];
            }
            assertEquals(16 + 9, Arrays.stream(mask).sum());
            Differences.assertAtMost(3e-5, name + " logits", padded.floats("logits"), found);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void lossAndGradients(String name, boolean hub) throws IOException {
        try (Reference r = new Reference(name, hub, temporary)) {
            ModelConfig config = r.model.config();
            ParameterStore store = r.model.parameters();
            ParameterStore.Flat gradients = store.like();
            Instance run = Program.of(DecoderGraph.training(config, TrainingForm.plain()), CPU)
                    .placeholder(DecoderGraph.INPUT_IDS, r.rows, r.length)
                    .placeholder(DecoderGraph.POSITIONS, r.rows, r.length)
                    .placeholder(DecoderGraph.TARGETS, r.rows, r.length)
                    .placeholder(DecoderGraph.TOKEN_WEIGHT, r.rows, r.length)
                    .placeholder(DecoderGraph.OBJECTIVE_COEFFICIENTS, 1)
                    .outputs(DecoderGraph.LOSS, DecoderGraph.NLL, DecoderGraph.OBJECTIVE)
                    .gradients()
                    .build().debugInstance(store.values(), gradients);
            run.tensor(DecoderGraph.INPUT_IDS).set(r.ids);
            run.tensor(DecoderGraph.POSITIONS).set(r.positions);
            run.tensor(DecoderGraph.TARGETS).set(r.targets);
            run.tensor(DecoderGraph.TOKEN_WEIGHT).set(r.weights);
            run.tensor(DecoderGraph.OBJECTIVE_COEFFICIENTS).setFloat(0, 1);
            run.run();
            Differences.assertAtMost(1e-6, name + " loss", r.expected.floats("loss"), run.tensor(DecoderGraph.LOSS).toFloats());
            assertEquals(run.tensor(DecoderGraph.LOSS).getFloat(0), run.tensor(DecoderGraph.OBJECTIVE).getFloat(0));
            Set<String> compared = new HashSet<>();
            for (FileTensor t : HuggingFaceWeights.tensors(config)) {
                float[] expected = r.expected.floats("grad." + t.name());
                Differences.assertAtMost(2e-4 * Differences.largest(expected) + 1e-6, name + " gradient of " + t.name(),
                        expected, t.ofParameters(gradients::tensor));
                compared.add("grad." + t.name());
            }
            assertEquals(r.expected.tensors().keySet().stream().filter(t -> t.startsWith("grad.")).collect(Collectors.toSet()), compared);
        }
    }
}
