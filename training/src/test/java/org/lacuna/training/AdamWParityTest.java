package org.lacuna.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.data.Batch;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Precision;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.family.FileTensor;
import org.lacuna.model.family.HuggingFaceWeights;
import org.lacuna.model.safetensors.SafetensorsFile;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.Site;
import org.lacuna.training.recipe.Objective;
import org.lacuna.training.recipe.Recompute;
import org.lacuna.training.recipe.TrainSettings;

/** Five AdamW steps against PyTorch's in double precision. */
class AdamWParityTest {
    private static final int ROWS = 2;
    private static final int WINDOW = 24;

    /**
     * Biases of keys, which without rotary position add the same to all scores of a query: their gradient is 0, and AdamW makes steps of
     * what rounding leaves of it.
     */
    private static final Pattern NO_GRADIENT = Pattern.compile(".*(k_proj|c_attn|query_key_value)\\.bias");

    @TempDir
    private Path temp;

    static Stream<Arguments> models() {
        return Fixtures.NAMES.stream().flatMap(name -> Stream.of(Arguments.of(name, 1), Arguments.of(name, 2)));
    }

    @ParameterizedTest
    @MethodSource("models")
    void fiveStepsAreTorchs(String name, int shards) throws IOException {
        Path folder = Fixtures.unpack(name, temp);
        JsonNode expected = Json.parse(name, Files.readString(folder.resolve("adamw.json")));
        JsonNode h = expected.get("hyperparameters");
        TrainSettings settings = new TrainSettings(1, 5, ROWS, WINDOW, 1, shards, 1, Precision.FP32, Recompute.NONE, h.get("lr").asDouble(), 1, 0, h.get("beta1").asDouble(),
                h.get("beta2").asDouble(), h.get("eps").asDouble(), h.get("weight_decay").asDouble(), h.get("max_grad_norm").asDouble(), 0, 1, 0, 1);
        JsonNode reference = expected.get("float64");
        Device device = new CpuDevice();
        try (Trainer trainer = new Trainer(Checkpoint.load(folder, device), settings, Objective.plain(), device)) {
            Batch batch = batch(folder);
            for (int step = 0; step < 5; step++) {
                StepMetrics m = trainer.step(batch);
                assertEquals(reference.get("loss").get(step).asDouble(), m.loss(), 1e-5, "loss at step " + step);
                double norm = reference.get("grad_norm").get(step).asDouble();
                assertEquals(norm, m.gradientNorm(), 1e-5 * norm, "gradient norm at step " + step);
            }
            assertEquals(reference.get("loss_after_last_step").asDouble(), trainer.gradient(batch).loss(), 1e-5, "loss after the last step");
            JsonNode norms = reference.get("parameter_norm_after_last_step");
            ParameterStore store = trainer.model().parameters();
            List<FileTensor> tensors = HuggingFaceWeights.tensors(trainer.model().config());
            assertEquals(norms.size(), tensors.size());
            for (FileTensor t : tensors) {
                double norm = norms.get(t.name()).asDouble();
                if (!NO_GRADIENT.matcher(t.name()).matches()) {
                    assertEquals(norm, norm(t.ofParameters(store::tensor)), 1e-5 * norm, t.name());
                }
            }
        }
    }

    /** Each row's next tokens; its last position has none. */
    private static Batch batch(Path folder) {
        try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
            int[] ids = Arrays.stream(file.longs("input_ids")).mapToInt(Math::toIntExact).toArray();
            int[] targets = new int[ids.length];
            for (int i = 0; i < ids.length; i++) {
                targets[i] = i % WINDOW == WINDOW - 1 ? Batch.NOT_SCORED : ids[i + 1];
            }
            return new Batch(ROWS, WINDOW, ids, targets);
        }
    }

    private static double norm(float[] values) {
        double sum = 0;
        for (float v : values) {
            sum += (double) v * v;
        }
        return Math.sqrt(sum);
    }
}
