package org.lacuna.model.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.run.InputException;

class HuggingFaceConfigTest {
    private static final String SMALL = "{'model_type':'llama','vocab_size':160,'hidden_size':64,'intermediate_size':108,'num_hidden_layers':2,'num_attention_heads':4%s}";

    @TempDir
    Path temporary;

    @Test
    void bothSpellingsOfTheReferenceModelsAreRead() {
        ModelConfig mha = ModelConfig.llama(160, 64, 108, 2, 4, 4, 16, 1e-5, RotaryPosition.plain(10000), false,
                FeedForward.gated("silu"), 128, 0.02, OptionalInt.of(1), List.of(2));
        ModelConfig gqa = ModelConfig.llama(160, 48, 112, 2, 4, 2, 24, 1e-5,
                RotaryPosition.scaled(500000, new RotaryPosition.Llama3(8, 1, 4, 32)), true,
                FeedForward.gated("silu"), 256, 0.02, OptionalInt.of(1), List.of(2));
        ModelConfig relu = ModelConfig.llama(160, 48, 100, 3, 4, 4, 12, 1e-3, RotaryPosition.plain(10000), false,
                FeedForward.gated("relu"), 64, 0.02, OptionalInt.of(1), List.of(2));
        List<ModelConfig> expected = List.of(mha, gqa, relu);
        for (int i = 0; i < expected.size(); i++) {
            Path folder = Fixtures.unpack(Fixtures.NAMES.get(i), temporary);
            assertEquals(expected.get(i), HuggingFaceConfig.read(folder.resolve("config.json")));
            assertEquals(expected.get(i), HuggingFaceConfig.read(folder.resolve("config.hub.json")));
        }
    }

    @Test
    void whatIsWrittenIsReadAgain() throws IOException {
        RotaryPosition scaled = RotaryPosition.scaled(500000, new RotaryPosition.Llama3(8, 1, 4, 32));
        for (FeedForward f : List.of(FeedForward.gated("relu2"), FeedForward.gated("identity"), FeedForward.ungated("gelu"), FeedForward.dRelu(),
                FeedForward.gated("relu").withThresholds(List.of(0.01f / 3.0)), FeedForward.ungated("relu").withThresholds(List.of(0.0)))) {
            for (RotaryPosition rotary : List.of(RotaryPosition.plain(1e6), scaled, RotaryPosition.scaled(1e4, new RotaryPosition.Linear(4)))) {
                ModelConfig config = ModelConfig.llama(300, 48, 100, 1, 6, 3, 10, 1e-6, rotary, true, f, 64, 0.01, OptionalInt.empty(), List.of(7, 8));
                assertEquals(config, HuggingFaceConfig.read(file(HuggingFaceConfig.write(config))));
            }
        }
    }

    @Test
    void transformersIsNotLedToComputeSomethingElse() throws IOException {
        for (FeedForward f : List.of(FeedForward.gated("silu"), FeedForward.ungated("silu"), FeedForward.dRelu(), FeedForward.gated("relu").withThresholds(List.of(0.01)))) {
            ModelConfig config = ModelConfig.llama(300, 48, 100, 1, 6, 3, 8, 1e-6, RotaryPosition.plain(1e4), true, f, 64, 0.02, OptionalInt.empty(), List.of());
            String type = new ObjectMapper().readTree(HuggingFaceConfig.write(config)).get("model_type").asText();
            assertEquals(f.equals(FeedForward.gated("silu")) ? "llama" : "lacuna_llama", type);
        }
    }

    @Test
    void thresholdsMakeALlamaOneThatOnlyLacunaOpens() {
        ModelConfig plain = ModelConfig.llama(300, 48, 100, 1, 6, 3, 8, 1e-6, RotaryPosition.plain(1e4), true, FeedForward.gated("relu"), 64, 0.02, OptionalInt.empty(), List.of());
        assertEquals("llama", plain.family());
        assertEquals("lacuna_llama", plain.withThresholds(List.of(0.5)).family());
        ModelConfig opt = HuggingFaceConfig.read(Fixtures.unpack("opt", temporary).resolve("config.json"));
        ModelConfig cut = opt.withThresholds(Collections.nCopies(opt.layers(), 0.5));
        assertThrows(IllegalArgumentException.class, () -> HuggingFaceConfig.write(cut), "as an OPT it would be another model");
        String message = assertThrows(InputException.class, () -> cut.check("here", key -> key)).getMessage();
        assertTrue(message.contains("here: thresholds") && message.contains("family opt"), message);
    }

    @Test
    void anActivationBehindTheNormsDoesToo() throws IOException {
        ModelConfig plain = ModelConfig.llama(300, 48, 100, 1, 6, 3, 8, 1e-6, RotaryPosition.plain(1e4), true, FeedForward.gated("silu"), 64, 0.02, OptionalInt.empty(), List.of());
        assertEquals(plain, plain.withNormActivation("identity"));
        ModelConfig relu = plain.withNormActivation("relu");
        assertEquals("lacuna_llama", relu.family());
        assertEquals(relu, HuggingFaceConfig.read(file(HuggingFaceConfig.write(relu))));
        refused(HuggingFaceConfig.write(relu).replace("\"relu\"", "\"rellu\""), "lacuna_norm_activation", "rellu");
        refused(HuggingFaceConfig.write(relu).replace("\"lacuna_llama\"", "\"llama\""), "lacuna_norm_activation", "belongs to model_type lacuna_llama");
        ModelConfig opt = HuggingFaceConfig.read(Fixtures.unpack("opt", temporary).resolve("config.json")).withNormActivation("relu");
        assertThrows(IllegalArgumentException.class, () -> HuggingFaceConfig.write(opt));
        assertThrows(InputException.class, () -> opt.check("here", key -> key));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "'hidden_act':'relu','lacuna_thresholds':[0.1] | lacuna_thresholds; num_hidden_layers; 2",
        "'hidden_act':'relu','lacuna_thresholds':[0.1,0.1,0.1] | lacuna_thresholds; num_hidden_layers; 2",
        "'hidden_act':'silu','lacuna_thresholds':[0.1,0.1] | lacuna_thresholds; hidden_act; silu; relu",
        "'lacuna_thresholds':[0.1,0.1] | lacuna_thresholds; silu",
        "'hidden_act':'relu','lacuna_thresholds':[0.1,-0.1] | lacuna_thresholds; -0.1; layer 1",
        "'hidden_act':'relu','lacuna_thresholds':[0.1,1e39] | lacuna_thresholds; 1.0E39",
        "'hidden_act':'relu','lacuna_thresholds':[0.1,1e999] | lacuna_thresholds; finite",
        "'hidden_act':'relu','lacuna_thresholds':[0.1,'0.1'] | lacuna_thresholds; array of finite numbers",
        "'hidden_act':'relu','lacuna_thresholds':0.1 | lacuna_thresholds; array of finite numbers",
        "'hidden_act':'relu','lacuna_thresholds':{'0':0.1,'1':0.1} | lacuna_thresholds; array of finite numbers",
    })
    void thresholdsThatCannotBeAreRefusedByName(String keys, String said) throws IOException {
        refused(SMALL.formatted("," + keys).replace("'llama'", "'lacuna_llama'"), said.split("; "));
    }

    @Test
    void gemmasPositionsAreWrittenForOldAndNewReaders() throws IOException {
        Path fixture = Fixtures.unpack("gemma3-text", temporary).resolve("config.json");
        String scaled = Files.readString(fixture).replaceFirst("\"rope_theta\": 1000000.0,\\s*\"rope_type\": \"default\"",
                "\"rope_theta\": 500000.0, \"rope_type\": \"linear\", \"factor\": 8.0").replace("\"rope_theta\": 10000.0", "\"rope_theta\": 20000.0");
        ModelConfig config = HuggingFaceConfig.read(file(scaled));
        JsonNode written = new ObjectMapper().readTree(HuggingFaceConfig.write(config));
        assertEquals(config, HuggingFaceConfig.read(file(written.toString())));
        assertTrue(written.path("query_pre_attn_scalar").isIntegralNumber(), "transformers 5 refuses 24.0");
        assertEquals(5e5, written.path("rope_theta").asDouble());
        assertEquals(2e4, written.path("rope_local_base_freq").asDouble());
        assertEquals(8, written.at("/rope_scaling/factor").asDouble());
        ObjectNode old = (ObjectNode) written;
        old.remove("rope_parameters");
        assertEquals(config, HuggingFaceConfig.read(file(old.toString())));
    }

    @Test
    void whatOldConfigsLeaveOutHasTransformersDefault() throws IOException {
        ModelConfig config = HuggingFaceConfig.read(file(SMALL.formatted("")));
        assertEquals(ModelConfig.llama(160, 64, 108, 2, 4, 4, 16, 1e-6, RotaryPosition.plain(10000), false, FeedForward.gated("silu"), 2048, 0.02,
                OptionalInt.of(1), List.of(2)), config);
        ModelConfig none = HuggingFaceConfig.read(file(SMALL.formatted(",'bos_token_id':null,'eos_token_id':null")));
        assertEquals(OptionalInt.empty(), none.bos());
        assertEquals(List.of(), none.eos());
        assertEquals("gelu_pytorch_tanh", HuggingFaceConfig.read(file(SMALL.formatted(",'hidden_act':'gelu_new'"))).feedForward().activation());
        assertEquals("identity", HuggingFaceConfig.read(file(SMALL.formatted(",'hidden_act':'linear'"))).feedForward().activation());
        assertEquals(RotaryPosition.plain(1e6), HuggingFaceConfig.read(file(SMALL.formatted(",'rope_theta':1000000,'rope_parameters':{'rope_type':'default'}"))).position());
        assertEquals(RotaryPosition.scaled(5e5, new RotaryPosition.Linear(2)),
                HuggingFaceConfig.read(file(SMALL.formatted(",'rope_scaling':{'type':'linear','factor':2.0,'rope_theta':5e5}"))).position());
        assertEquals(RotaryPosition.scaled(10000, new RotaryPosition.Linear(2)), HuggingFaceConfig.read(file(SMALL.formatted(",'rope_scaling':{'type':'linear','factor':2.0}"))).position());
    }

    @Test
    void keysThatChangeNothingAreNotInTheWay() throws IOException {
        HuggingFaceConfig.read(file(SMALL.formatted(",'pretraining_tp':4,'attention_bias':false,'mlp_bias':null,'rope_scaling':null,"
                + "'partial_rotary_factor':1.0,'layer_types':['full_attention','full_attention'],'sliding_window':8,'use_sliding_window':false,"
                + "'_name_or_path':'x','use_cache':true,'attention_dropout':0.0,'torch_dtype':'bfloat16'")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "'attention_bias':true | attention_bias",
        "'mlp_bias':true | mlp_bias",
        "'attention_bias':'no' | attention_bias; true or false",
        "'partial_rotary_factor':0.5 | partial_rotary_factor",
        "'rope_parameters':{'rope_theta':1e4,'partial_rotary_factor':0.5} | rope_parameters.partial_rotary_factor",
        "'sliding_window':8 | sliding_window",
        "'layer_types':['full_attention','sliding_attention'] | layer_types; sliding_attention",
        "'quantization_config':{'bits':4} | quantization_config",
        "'rope_scaling':{'type':'dynamic','factor':2.0} | rope_scaling.rope_type; dynamic; llama3",
        "'rope_scaling':{'type':'linear'} | rope_scaling.factor; missing",
        "'rope_scaling':{'rope_type':'yarn','factor':2.0} | rope_scaling.rope_type; yarn",
        "'rope_parameters':{'rope_type':'dynamic'} | rope_parameters.rope_type; dynamic",
        "'rope_scaling':{'rope_type':'llama3','factor':2.0} | rope_scaling.low_freq_factor; missing; original_max_position_embeddings",
        "'rope_scaling':{'rope_type':'llama3','factor':8,'low_freq_factor':4,'high_freq_factor':1,'original_max_position_embeddings':32} | high_freq_factor",
        "'rope_scaling':'llama3' | rope_scaling; not an object",
        "'rope_theta':5e5,'rope_parameters':{'rope_theta':1e4,'rope_type':'default'} | rope_theta; 500000.0; 10000.0",
        "'rope_scaling':{'rope_type':'llama3','factor':8,'low_freq_factor':1,'high_freq_factor':4,'original_max_position_embeddings':32},'rope_parameters':{'rope_type':'default'} | rope_scaling; rope_parameters",
        "'rope_scaling':{'type':'linear','factor':2.0,'rope_theta':5e5},'rope_theta':1e4 | rope_scaling.rope_theta; 500000.0; 10000.0",
        "'rope_theta':0 | rope_theta",
        "'rope_theta':1e999 | rope_theta; finite",
        "'num_key_value_heads':3 | num_key_value_heads; divide; num_attention_heads",
        "'num_key_value_heads':0 | num_key_value_heads",
        "'head_dim':15 | head_dim; even",
        "'head_dim':-2 | head_dim",
        "'hidden_act':'swoosh' | hidden_act; swoosh; relu",
        "'hidden_act':3 | hidden_act; not a string",
        "'rms_norm_eps':0 | rms_norm_eps",
        "'rms_norm_eps':'1e-5' | rms_norm_eps; not a finite number",
        "'initializer_range':-1 | initializer_range",
        "'max_position_embeddings':0 | max_position_embeddings",
        "'max_position_embeddings':128.5 | max_position_embeddings; whole number",
        "'bos_token_id':160 | bos_token_id; 159",
        "'eos_token_id':[2,-1] | eos_token_id; -1",
        "'eos_token_id':'</s>' | eos_token_id; whole number",
        "'tie_word_embeddings':1 | tie_word_embeddings",
        "'lacuna_gated':false | lacuna_gated",
        "'hidden_act':'relu','lacuna_thresholds':[0.1,0.1] | lacuna_thresholds; lacuna_llama",
        "'vocab_size':161 | there twice; vocab_size",
    })
    void aKeyThatIsWrongOrNotImplementedIsRefusedByName(String key, String said) throws IOException {
        refused(SMALL.formatted("," + key), said.split("; "));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "vocab_size | 0",
        "vocab_size | 2147483647",
        "vocab_size | 99999999999",
        "vocab_size | '160'",
        "hidden_size | -64",
        "hidden_size | 66",
        "hidden_size | 16777216",
        "intermediate_size | 0",
        "num_hidden_layers | 0",
        "num_hidden_layers | 1000000",
        "num_attention_heads | 0",
        "num_attention_heads | 5",
        "num_attention_heads | 1e1",
    })
    void aSizeThatCannotBeIsRefusedByName(String key, String value) throws IOException {
        ObjectMapper json = new ObjectMapper();
        ObjectNode config = (ObjectNode) json.readTree(SMALL.formatted("").replace('\'', '"'));
        config.set(key, json.readTree(value.replace('\'', '"')));
        String message = assertThrows(InputException.class, () -> HuggingFaceConfig.read(file(config.toString()))).getMessage();
        boolean named = message.contains(key) || key.equals("hidden_size") && (message.contains("num_attention_heads") || message.contains("head_dim"));
        assertTrue(message.contains("config.json") && named, message);
    }

    @Test
    void everythingThatIsWrongIsSaidAtOnce() throws IOException {
        String message = assertThrows(InputException.class, () -> HuggingFaceConfig.read(
                file("{'model_type':'llama','vocab_size':'x','attention_bias':true,'num_attention_heads':4}"))).getMessage();
        for (String key : List.of("vocab_size", "attention_bias", "hidden_size", "intermediate_size", "num_hidden_layers")) {
            assertTrue(message.contains(key), message);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "null", "{", "{'model_type':'llama'} {}", "{'a':NaN}", "\u0000"})
    void whatIsNoJsonObjectIsRefused(String text) throws IOException {
        refused(text, "config.json");
    }

    @Test
    void otherFamiliesAreRefusedAndTheSupportedOnesNamed() throws IOException {
        refused("{'model_type':'bert'}", "model_type", "bert", "llama", "gpt_neox");
        refused("{}", "model_type", "llama");
    }

    @Test
    void deepOrEndlessJsonIsRefused() throws IOException {
        refused("{'a':" + "[".repeat(100_000), "config.json");
        refused("{'a':'" + "x".repeat(1 << 20) + "'}", "config.json", "1048576");
        String message = assertThrows(InputException.class, () -> HuggingFaceConfig.read(temporary.resolve("none.json"))).getMessage();
        assertTrue(message.contains("none.json"), message);
    }

    private Path file(String json) throws IOException {
        return Files.writeString(temporary.resolve("config.json"), json.replace('\'', '"'));
    }

    private void refused(String json, String... said) throws IOException {
        Path file = file(json);
        String message = assertThrows(InputException.class, () -> HuggingFaceConfig.read(file)).getMessage();
        for (String part : said) {
            assertTrue(message.contains(part), message + " does not say " + part);
        }
        assertTrue(message.contains("config.json"), message);
    }
}
