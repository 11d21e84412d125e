package org.lacuna.model.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.HostileLoad;
import org.lacuna.model.Mutations;
import org.lacuna.model.config.AttentionForm.Sliding;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.run.InputException;

/** The configs of all families: what is read, what is written, what is refused. */
class FamiliesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Of each family's config. */
    private static final int MUTATIONS = Integer.getInteger("lacuna.test.mutations", 100);

    @TempDir
    Path temporary;

    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void bothSpellingsMeanTheSameAndWhatIsWrittenIsReadAgain(String name) throws IOException {
        Path folder = Fixtures.unpack(name, temporary);
        ModelConfig config = HuggingFaceConfig.read(folder.resolve("config.json"));
        assertEquals(config, HuggingFaceConfig.read(folder.resolve("config.hub.json")));
        for (ModelConfig c : List.of(config, config.withActivation("relu"), config.withActivation("identity"))) {
            Path written = Files.writeString(temporary.resolve("config.json"), HuggingFaceConfig.write(c));
            assertEquals(c, HuggingFaceConfig.read(written));
        }
    }

    /** Written, then read with no warning: what Lacuna writes it knows. */
    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void noKeyOfThePublishedConfigsIsUnknown(String name) throws IOException {
        Path folder = Fixtures.unpack(name, temporary);
        Path written = Files.writeString(temporary.resolve("config.json"), HuggingFaceConfig.write(HuggingFaceConfig.read(folder.resolve("config.json"))));
        for (Path file : List.of(folder.resolve("config.json"), folder.resolve("config.hub.json"), written)) {
            assertEquals(Set.of(), HuggingFaceConfig.unknown(file), file.toString());
        }
    }

    @Test
    void unknownKeysAreNamed() throws IOException {
        ObjectNode config = config("qwen3");
        config.put("frobnicate", 3).putObject("rope_parameters").put("rope_theta", 1e6).put("rope_type", "default").put("swirl", 1);
        config.putNull("nothing");
        assertEquals(Set.of("frobnicate", "rope_parameters.swirl"), HuggingFaceConfig.unknown(file(config)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "llama-mha   | attention_bias | true",
        "llama-mha   | sliding_window | 8",
        "llama-mha   | rope_parameters | {\"rope_type\":\"yarn\",\"factor\":4.0,\"rope_theta\":10000.0}",
        "qwen2       | layer_types | [\"sliding_attention\",\"full_attention\"]",
        "qwen2       | layer_types | [\"chunked_attention\",\"full_attention\"]",
        "qwen2       | layer_types | [\"full_attention\"]",
        "qwen3       | attention_bias | true",
        "qwen3       | head_dim | 15",
        "gemma3-text | final_logit_softcapping | 30.0",
        "gemma3-text | attn_logit_softcapping | 50.0",
        "gemma3-text | use_bidirectional_attention | true",
        "gemma3-text | sliding_window | 0",
        "gemma3-text | query_pre_attn_scalar | 0",
        "gemma3-text | rope_theta | 5.0",
        "gpt2        | scale_attn_by_inverse_layer_idx | true",
        "gpt2        | scale_attn_weights | false",
        "gpt2        | reorder_and_upcast_attn | true",
        "gpt2        | add_cross_attention | true",
        "gpt2        | n_head | 5",
        "gpt2        | n_inner | -1",
        "gpt2        | activation_function | \"swoosh\"",
        "opt         | do_layer_norm_before | false",
        "opt         | _remove_final_layer_norm | true",
        "opt         | enable_bias | false",
        "opt         | layer_norm_elementwise_affine | false",
        "opt         | word_embed_proj_dim | 24",
        "gpt-neox    | rotary_pct | 0.5",
        "gpt-neox    | layer_norm_eps | 0",
        "gpt-neox    | num_attention_heads | 7",
        "olmoe       | clip_qkv | 8.0",
        "olmoe       | num_experts_per_tok | 9",
        "olmoe       | num_experts | 0",
        "qwen3-moe   | mlp_only_layers | [0]",
        "qwen3-moe   | decoder_sparse_step | 2",
        "qwen3-moe   | num_experts | 8",
        "qwen3-moe   | use_sliding_window | true",
        "qwen3-moe   | quantization_config | {\"bits\":4}",
        "opt         | is_encoder_decoder | true",
    })
    void aKeyThatIsNotImplementedIsRefusedByName(String fixture, String key, String value) throws IOException {
        ObjectNode config = config(fixture);
        config.set(key, JSON.readTree(value));
        Path file = file(config);
        String message = assertThrows(InputException.class, () -> HuggingFaceConfig.read(file)).getMessage();
        assertTrue(message.contains("config.json") && (message.contains(key) || key.equals("num_experts") && message.contains("num_local_experts")), message);
    }

    @Test
    void mistralsLayersAllSlide() throws IOException {
        ObjectNode config = config("llama-mha");
        config.put("model_type", "mistral").put("sliding_window", 7);
        ModelConfig read = HuggingFaceConfig.read(file(config));
        assertEquals(Optional.of(new Sliding(7, List.of(0, 1), Optional.empty())), read.attention().sliding());
        assertEquals(read, HuggingFaceConfig.read(Files.writeString(temporary.resolve("config.json"), HuggingFaceConfig.write(read))));
        config.putNull("sliding_window");
        assertEquals(Optional.empty(), HuggingFaceConfig.read(file(config)).attention().sliding());
    }

    @Test
    void qwensLayersSlideFromAGivenOneOn() throws IOException {
        ObjectNode config = config("qwen2");
        config.remove("layer_types");
        config.put("use_sliding_window", true).put("sliding_window", 6).put("max_window_layers", 1);
        ModelConfig read = HuggingFaceConfig.read(file(config));
        assertEquals(Optional.of(new Sliding(6, List.of(1), Optional.empty())), read.attention().sliding());
        assertEquals(read, HuggingFaceConfig.read(Files.writeString(temporary.resolve("config.json"), HuggingFaceConfig.write(read))));
    }

    /** What transformers takes where a key is absent; null is no window, no token. */
    @Test
    void absentKeysHaveTheFamilysDefaults() throws IOException {
        ObjectNode config = config("llama-mha");
        for (String key : List.of("rms_norm_eps", "max_position_embeddings", "bos_token_id", "eos_token_id", "num_key_value_heads", "head_dim")) {
            config.remove(key);
        }
        config.put("num_attention_heads", 32).put("hidden_size", 512);
        ModelConfig mistral = HuggingFaceConfig.read(file(config.put("model_type", "mistral")));
        assertEquals(Optional.of(new Sliding(4096, List.of(0, 1), Optional.empty())), mistral.attention().sliding());
        assertEquals(List.of(8, 16, 131072), List.of(mistral.kvHeads(), mistral.headSize(), mistral.maxPositions()));
        assertEquals(List.of(1, 2), List.of(mistral.bos().orElseThrow(), mistral.eos().get(0)));
        ModelConfig qwen = HuggingFaceConfig.read(file(config.put("model_type", "qwen3").put("num_hidden_layers", 30).put("use_sliding_window", true)));
        assertEquals(Optional.of(new Sliding(4096, List.of(28, 29), Optional.empty())), qwen.attention().sliding());
        assertEquals(List.of(32, 128, 32768), List.of(qwen.kvHeads(), qwen.headSize(), qwen.maxPositions()));
        assertTrue(qwen.bos().isEmpty() && qwen.eos().isEmpty());
        config.putNull("sliding_window");
        assertEquals(Optional.empty(), HuggingFaceConfig.read(file(config)).attention().sliding());
        ObjectNode olmoe = config("olmoe");
        olmoe.remove(List.of("rms_norm_eps", "max_position_embeddings"));
        assertEquals(1e-5, HuggingFaceConfig.read(file(olmoe)).norm().epsilon());
        assertEquals(4096, HuggingFaceConfig.read(file(olmoe)).maxPositions());
    }

    @Test
    void gemmasRopeKeysMustAgree() throws IOException {
        ObjectNode config = config("gemma3-text");
        config.putObject("rope_scaling").put("factor", 8.0).put("rope_type", "linear");
        Path file = file(config);
        String message = assertThrows(InputException.class, () -> HuggingFaceConfig.read(file)).getMessage();
        assertTrue(message.contains("rope_scaling") && message.contains("full_attention"), message);
        ObjectNode bare = (ObjectNode) JSON.readTree(temporary.resolve("gemma3-text").resolve("config.json").toFile());
        ((ObjectNode) bare.get("rope_parameters").get("full_attention")).remove("rope_theta");
        bare.put("rope_theta", 5e5);
        assertEquals(RotaryPosition.plain(5e5), HuggingFaceConfig.read(file(bare)).position());
    }

    @Test
    void gemmasGlobalLayersMayBeStretched() throws IOException {
        ObjectNode config = (ObjectNode) JSON.readTree(Fixtures.unpack("gemma3-text", temporary).resolve("config.hub.json").toFile());
        config.putObject("rope_scaling").put("factor", 8.0).put("rope_type", "linear");
        ModelConfig read = HuggingFaceConfig.read(file(config));
        assertEquals(RotaryPosition.scaled(1e6, new RotaryPosition.Linear(8)), read.rotary(1).orElseThrow());
        assertEquals(RotaryPosition.plain(1e4), read.rotary(0).orElseThrow());
        assertEquals(read, HuggingFaceConfig.read(Files.writeString(temporary.resolve("config.json"), HuggingFaceConfig.write(read))));
    }

    /** Whatever happens to a config, it is refused or a model is tried with it, whose weights then don't fit or do. */
    @ParameterizedTest
    @FieldSource("org.lacuna.fixtures.Fixtures#NAMES")
    void mutatedConfigsAreRefusedOrRead(String name) throws IOException {
        Path folder = Fixtures.unpack(name, temporary);
        Path file = folder.resolve("config.json");
        byte[] original = Files.readAllBytes(file);
        int refused = 0;
        CpuDevice device = new CpuDevice();
        for (int seed = 0; seed < MUTATIONS; seed++) {
            Mutations mutations = new Mutations(seed, "\"yarn\"", "[\"sliding_attention\"]", "2147483647", "16777216", "4096", "0.5");
            byte[] mutated = seed % 4 == 0 ? mutations.ofBytes(original) : mutations.ofJson(original);
            Files.write(file, mutated);
            refused += HostileLoad.run(name + " seed " + seed, "", Files.size(folder.resolve("model.safetensors")), () -> Checkpoint.load(folder, device)).isEmpty() ? 0 : 1;
        }
        assertTrue(refused > MUTATIONS / 10, refused + " of " + MUTATIONS + " were refused");
    }

    private ObjectNode config(String fixture) throws IOException {
        return (ObjectNode) JSON.readTree(Fixtures.unpack(fixture, temporary).resolve("config.json").toFile());
    }

    private Path file(ObjectNode config) throws IOException {
        return Files.writeString(temporary.resolve("config.json"), config.toString());
    }
}
