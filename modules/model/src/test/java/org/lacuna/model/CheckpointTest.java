package org.lacuna.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.Device;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.safetensors.SafetensorsWriter;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.nd4j.linalg.api.buffer.DataType;

class CheckpointTest {
    private static final Device CPU = new CpuDevice();

    @TempDir
    Path temporary;

    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void whatIsSavedIsLoadedAgainAndHasTheWeightsBytes(String name) throws IOException {
        Path fixture = Fixtures.unpack(name, temporary);
        Model model = Checkpoint.load(fixture, CPU);
        Path saved = save(model, "saved");
        assertArrayEquals(Files.readAllBytes(fixture.resolve("model.safetensors")), Files.readAllBytes(saved.resolve("model.safetensors")));
        Model again = Checkpoint.load(saved, CPU);
        assertEquals(model.config(), again.config());
        assertEquals(model.parameters().names(), again.parameters().names());
        for (String tensor : model.parameters().names()) {
            assertArrayEquals(model.parameters().tensor(tensor).toFloats(), again.parameters().tensor(tensor).toFloats(), tensor);
        }
    }

    @Test
    void allTensorsThatDoNotFitAreNamedAtOnce() throws IOException {
        Path folder = Fixtures.unpack("llama-mha", temporary);
        List<Tensor> tensors = tensors(Checkpoint.load(folder, CPU));
        tensors.removeIf(t -> t.name().equals("model.norm.weight") || t.name().equals("lm_head.weight"));
        tensors.replaceAll(t -> t.name().equals("model.layers.1.mlp.up_proj.weight") ? t.view(t.name(), 0, 64, 108) : t);
        tensors.add(CPU.allocate(new TensorSpec("model.layers.2.mlp.up_proj.weight", DataType.FLOAT, 108, 64)));
        tensors.replaceAll(t -> t.name().equals("model.embed_tokens.weight") ? CPU.allocate(new TensorSpec(t.name(), DataType.DOUBLE, t.shape())) : t);
        write(folder, tensors);
        InputException e = assertThrows(InputException.class, () -> Checkpoint.load(folder, CPU));
        assertEquals(5, e.problems().size(), e.getMessage());
        says(e, "model.safetensors", "model.norm.weight[64] is missing", "lm_head.weight[160, 64] is missing",
                "model.layers.1.mlp.up_proj.weight is [64, 108], config.json wants [108, 64]", "model.layers.2.mlp.up_proj.weight belongs to no part",
                "model.embed_tokens.weight is F64");
    }

    @Test
    void aConfigOfAnotherSizeIsRefusedBeforeMemoryIsTaken() throws IOException {
        Path folder = Fixtures.unpack("llama-mha", temporary);
        Path config = folder.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 4096")
                .replace("\"intermediate_size\": 108", "\"intermediate_size\": 8000000"));
        InputException e = assertThrows(InputException.class, () -> Checkpoint.load(folder, CPU));
        says(e, "model.layers.0.mlp.down_proj.weight", "\n  and ");
        assertTrue(e.getMessage().lines().count() <= 22, e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void weightsThatAreNotFiniteAreRefusedWithTheirPlace(float value) throws IOException {
        Path folder = Fixtures.unpack("llama-relu", temporary);
        List<Tensor> tensors = tensors(Checkpoint.load(folder, CPU));
        tensors.stream().filter(t -> t.name().equals("model.layers.1.self_attn.k_proj.weight")).forEach(t -> t.setFloat(77, value));
        write(folder, tensors);
        says(assertThrows(InputException.class, () -> Checkpoint.load(folder, CPU)), "model.safetensors", "model.layers.1.self_attn.k_proj.weight", "index 77", "" + value);
    }

    @Test
    void aTiedEmbeddingMayBeStoredTwiceIfItIsTheSame() throws IOException {
        Path folder = Fixtures.unpack("llama-gqa-tied-llama3rope", temporary);
        Model model = Checkpoint.load(folder, CPU);
        List<Tensor> tensors = tensors(model);
        Tensor head = CPU.allocate(new TensorSpec("lm_head.weight", DataType.FLOAT, 160, 48));
        head.set(model.parameters().tensor("model.embed_tokens.weight").toFloats());
        tensors.add(head);
        write(folder, tensors);
        assertFalse(Checkpoint.load(folder, CPU).parameters().names().contains("lm_head.weight"));
        head.setFloat(5, 1);
        write(folder, tensors);
        says(assertThrows(InputException.class, () -> Checkpoint.load(folder, CPU)), "lm_head.weight", "tie_word_embeddings");
    }

    @Test
    void rotaryBuffersOfOldCheckpointsAreIgnored() throws IOException {
        Path folder = Fixtures.unpack("llama-mha", temporary);
        List<Tensor> tensors = tensors(Checkpoint.load(folder, CPU));
        tensors.add(CPU.allocate(new TensorSpec("model.layers.0.self_attn.rotary_emb.inv_freq", DataType.FLOAT, 8)));
        write(folder, tensors);
        assertEquals(tensors.size() - 1, Checkpoint.load(folder, CPU).parameters().names().size());
    }

    @Test
    void missingFilesAreNamed() throws IOException {
        says(assertThrows(InputException.class, () -> Checkpoint.load(temporary.resolve("none"), CPU)), "none");
        Path folder = Fixtures.unpack("llama-mha", temporary);
        Files.delete(folder.resolve("model.safetensors"));
        says(assertThrows(InputException.class, () -> Checkpoint.load(folder, CPU)), "model.safetensors");
        Files.writeString(folder.resolve("model.safetensors.index.json"), "{}");
        says(assertThrows(InputException.class, () -> Checkpoint.load(folder, CPU)), "model.safetensors.index.json", "weight_map");
        Files.delete(folder.resolve("config.json"));
        Files.delete(folder.resolve("model.safetensors.index.json"));
        says(assertThrows(InputException.class, () -> Checkpoint.load(folder, CPU)), "config.json");
    }

    private Path save(Model model, String name) {
        Path target = temporary.resolve(name);
        AtomicFiles.folder(target, folder -> Checkpoint.write(folder, model));
        return target;
    }

    private static List<Tensor> tensors(Model model) {
        return new ArrayList<>(model.parameters().names().stream().map(model.parameters()::tensor).toList());
    }

    private static void write(Path folder, List<Tensor> tensors) throws IOException {
        try (OutputStream out = Files.newOutputStream(folder.resolve("model.safetensors"))) {
            SafetensorsWriter.write(Channels.newChannel(out), Map.of("format", "pt"), tensors);
        }
    }

    private static void says(InputException e, String... parts) {
        for (String part : parts) {
            assertTrue(e.getMessage().contains(part), e.getMessage() + " does not say " + part);
        }
    }
}
