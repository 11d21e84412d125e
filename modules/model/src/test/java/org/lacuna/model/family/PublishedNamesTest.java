package org.lacuna.model.family;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.Device;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.model.safetensors.SafetensorsFile;
import org.lacuna.model.safetensors.SafetensorsWriter;
import org.lacuna.model.safetensors.StoredTensor;
import org.lacuna.model.safetensors.StoredWeights;
import org.lacuna.run.InputException;
import org.nd4j.linalg.api.buffer.DataType;

/** Checkpoints as they were published: other names for the same weights, and buffers beside them. */
class PublishedNamesTest {
    private static final Device CPU = new CpuDevice();

    @TempDir
    Path temporary;

    @Test
    void gpt2WithoutItsPrefixAndWithMasks() throws IOException {
        assertSameModel("gpt2", tensors -> {
            List<Tensor> published = renamed(tensors, name -> name.replace("transformer.", ""));
            for (int layer = 0; layer < 2; layer++) {
                published.add(filled("h." + layer + ".attn.bias", 1, 1, 64, 64));
                published.add(filled("h." + layer + ".attn.masked_bias"));
            }
            return published;
        });
    }

    @Test
    void gpt2WithItsPrefixAndWithMasks() throws IOException {
        assertSameModel("gpt2", tensors -> with(tensors, filled("transformer.h.0.attn.bias", 1, 1, 64, 64), filled("transformer.h.1.attn.bias", 1, 1, 64, 64)));
    }

    @Test
    void pythiaWithMasksAndFrequencies() throws IOException {
        assertSameModel("gpt-neox", tensors -> {
            List<Tensor> published = new ArrayList<>(tensors);
            for (int layer = 0; layer < 2; layer++) {
                String at = "gpt_neox.layers." + layer + ".attention.";
                published.add(filled(at + "bias", 1, 1, 64, 64));
                published.add(filled(at + "masked_bias"));
                published.add(filled(at + "rotary_emb.inv_freq", 2));
            }
            return published;
        });
    }

    @Test
    void optWithItsTiedHead() throws IOException {
        assertSameModel("opt", tensors -> with(tensors, copy("lm_head.weight", find(tensors, "model.decoder.embed_tokens.weight"))));
    }

    @Test
    void optWithoutItsPrefix() throws IOException {
        assertSameModel("opt", tensors -> renamed(tensors, name -> name.replace("model.decoder.", "decoder.")));
    }

    @Test
    void optWithoutItsPrefixAndWithItsTiedHead() throws IOException {
        assertSameModel("opt", tensors -> with(renamed(tensors, name -> name.replace("model.decoder.", "decoder.")),
                copy("lm_head.weight", find(tensors, "model.decoder.embed_tokens.weight"))));
    }

    @Test
    void llamaWithFrequencies() throws IOException {
        assertSameModel("llama-mha", tensors -> with(tensors, filled("model.layers.0.self_attn.rotary_emb.inv_freq", 8),
                filled("model.layers.1.self_attn.rotary_emb.inv_freq", 8)));
    }

    @ParameterizedTest
    @CsvSource({"opt, lm_head.weight, model.decoder.embed_tokens.weight", "gpt2, lm_head.weight, transformer.wte.weight",
        "qwen3, lm_head.weight, model.embed_tokens.weight", "gemma3-text, lm_head.weight, model.embed_tokens.weight"})
    void aTiedHeadThatDiffersIsRefused(String fixture, String head, String embedding) throws IOException {
        Path folder = Fixtures.unpack(fixture, temporary);
        List<Tensor> tensors = tensors(folder);
        Tensor same = copy(head, find(tensors, embedding));
        write(folder, with(tensors, same));
        Checkpoint.load(folder, CPU);
        check(folder);
        same.setFloat(same.length() - 1, 7);
        write(folder, with(tensors, same));
        for (InputException e : List.of(assertThrows(InputException.class, () -> Checkpoint.load(folder, CPU)), assertThrows(InputException.class, () -> check(folder)))) {
            assertTrue(e.getMessage().contains("tie_word_embeddings, but " + head + " is not the input embedding"), e.getMessage());
        }
    }

    @ParameterizedTest
    @CsvSource({"gpt2, h.0.attn.c_attn.weight2", "gpt2, transformer.h.0.attn.rotary_emb.inv_freq", "gpt-neox, gpt_neox.layers.0.attention.bias2",
        "opt, model.decoder.project_in.weight", "llama-mha, model.layers.0.self_attn.q_proj.bias"})
    void whatElseIsThereIsRefused(String fixture, String name) throws IOException {
        Path folder = Fixtures.unpack(fixture, temporary);
        write(folder, with(tensors(folder), filled(name, 2)));
        InputException e = assertThrows(InputException.class, () -> Checkpoint.load(folder, CPU));
        assertTrue(e.getMessage().contains("tensor " + name + " belongs to no part"), e.getMessage());
    }

    @Test
    void numbersAreCheckedWithoutBeingKept() throws IOException {
        Path folder = Fixtures.unpack("olmoe", temporary);
        check(folder);
        List<Tensor> tensors = tensors(folder);
        find(tensors, "model.layers.1.mlp.experts.5.down_proj.weight").setFloat(1000, Float.NEGATIVE_INFINITY);
        write(folder, tensors);
        InputException e = assertThrows(InputException.class, () -> check(folder));
        assertTrue(e.getMessage().contains("model.layers.1.mlp.experts.5.down_proj.weight holds -Infinity at index 1000"), e.getMessage());
    }

    private static void check(Path folder) {
        try (StoredWeights weights = StoredWeights.open(folder)) {
            HuggingFaceWeights.check(weights, Checkpoint.config(folder));
            HuggingFaceWeights.checkNumbers(weights, Checkpoint.config(folder));
        }
    }

    private void assertSameModel(String fixture, Function<List<Tensor>, List<Tensor>> publish) throws IOException {
        Path folder = Fixtures.unpack(fixture, temporary);
        Model before = Checkpoint.load(folder, CPU);
        List<Tensor> published = publish.apply(tensors(folder));
        write(folder, published);
        check(folder);
        Model after = Checkpoint.load(folder, CPU);
        assertEquals(before.config(), after.config());
        assertEquals(before.parameters().names(), after.parameters().names());
        for (String name : before.parameters().names()) {
            assertArrayEquals(before.parameters().tensor(name).toFloats(), after.parameters().tensor(name).toFloats(), name);
        }
        try (StoredWeights weights = StoredWeights.open(folder)) {
            List<StoredTensor> stored = HuggingFaceWeights.stored(weights, after.config());
            assertEquals(HuggingFaceWeights.tensors(after.config()).size(), stored.size());
            assertEquals(published.size(), weights.tensors().size());
        }
    }

    private static List<Tensor> renamed(List<Tensor> tensors, Function<String, String> rename) {
        return new ArrayList<>(tensors.stream().map(t -> t.view(rename.apply(t.name()), 0, t.shape())).toList());
    }

    private static List<Tensor> with(List<Tensor> tensors, Tensor... more) {
        List<Tensor> all = new ArrayList<>(tensors);
        all.addAll(List.of(more));
        return all;
    }

    private static Tensor find(List<Tensor> tensors, String name) {
        return tensors.stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
    }

    private static Tensor copy(String name, Tensor tensor) {
        Tensor copy = CPU.allocate(new TensorSpec(name, DataType.FLOAT, tensor.shape()));
        copy.set(tensor.toFloats());
        return copy;
    }

    /** A buffer of numbers that no weight may become. */
    private static Tensor filled(String name, long... shape) {
        Tensor t = CPU.allocate(new TensorSpec(name, DataType.FLOAT, shape));
        for (long i = 0; i < t.length(); i++) {
            t.setFloat(i, -1e9f);
        }
        return t;
    }

    private static List<Tensor> tensors(Path folder) {
        List<Tensor> tensors = new ArrayList<>();
        try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("model.safetensors"))) {
            for (StoredTensor stored : file.tensors().values()) {
                Tensor t = CPU.allocate(new TensorSpec(stored.name(), DataType.FLOAT, stored.shape()));
                file.read(stored.name(), t);
                tensors.add(t);
            }
        }
        return tensors;
    }

    private static void write(Path folder, List<Tensor> tensors) throws IOException {
        try (OutputStream out = Files.newOutputStream(folder.resolve("model.safetensors"))) {
            SafetensorsWriter.write(Channels.newChannel(out), Map.of("format", "pt"), tensors);
        }
    }
}
