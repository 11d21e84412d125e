package org.lacuna.model.config;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.lacuna.graph.activation.Activations;
import org.lacuna.run.InputException;

/**
 * Hugging Face's {@code config.json} for Llama models, in the keys of transformers 5 and in those that published
 * checkpoints have: {@code dtype} or {@code torch_dtype}; {@code rope_parameters} or {@code rope_theta} with
 * {@code rope_scaling}; {@code head_dim}, {@code num_key_value_heads} and {@code rope_theta} may be missing.
 *
 * <p>A key that would change what the model computes and that Lacuna does not implement is refused, rather than ignored.
 *
 * <p>A feed-forward block that Hugging Face's Llama cannot express (without a gate, or dReLU) is written with the
 * {@code model_type} {@value #LACUNA} and the keys {@value #GATED} and {@value #UP_ACTIVATION}: transformers then
 * refuses the checkpoint instead of computing something else. Such a checkpoint opens in Lacuna only.
 */
public final class HuggingFaceConfig {
    static final String LLAMA = "llama";
    static final String LACUNA = "lacuna_llama";
    static final String GATED = "lacuna_gated";
    static final String UP_ACTIVATION = "lacuna_up_activation";

    /** Hugging Face's name for the activation that does nothing. */
    private static final String LINEAR = "linear";

    private static final Map<String, String> KEYS = Map.ofEntries(
            Map.entry("vocabulary", "vocab_size"),
            Map.entry("hidden", "hidden_size"),
            Map.entry("intermediate", "intermediate_size"),
            Map.entry("layers", "num_hidden_layers"),
            Map.entry("heads", "num_attention_heads"),
            Map.entry("kvHeads", "num_key_value_heads"),
            Map.entry("headSize", "head_dim"),
            Map.entry("rmsNormEps", "rms_norm_eps"),
            Map.entry("maxPositions", "max_position_embeddings"),
            Map.entry("initializer", "initializer_range"),
            Map.entry("bos", "bos_token_id"),
            Map.entry("eos", "eos_token_id"),
            Map.entry("theta", "rope_theta"),
            Map.entry("factor", "factor"),
            Map.entry("lowFrequencyFactor", "low_freq_factor"),
            Map.entry("highFrequencyFactor", "high_freq_factor"),
            Map.entry("originalLength", "original_max_position_embeddings"),
            Map.entry("activation", "hidden_act"),
            Map.entry("upActivation", UP_ACTIVATION));

    private HuggingFaceConfig() {}

    /**
     * Reads and checks a config.
     *
     * @throws InputException with all problems, each naming the file and the key
     */
    public static ModelConfig read(Path file) {
        ConfigKeys keys = ConfigKeys.read(file);
        String type = keys.text("model_type", "missing");
        if (!type.equals(LLAMA) && !type.equals(LACUNA)) {
            throw new InputException(file + ": model_type is " + type + "; Lacuna reads " + LLAMA + " and its own " + LACUNA);
        }
        refuseWhatIsNotImplemented(keys);
        FeedForward feedForward = readFeedForward(keys, type.equals(LACUNA));
        int hidden = keys.integer("hidden_size");
        int heads = keys.integer("num_attention_heads");
        int headSize = keys.integer("head_dim", heads <= 0 ? 0 : hidden / heads);
        if (!keys.has("head_dim") && heads > 0 && hidden % heads != 0) {
            keys.problem("num_attention_heads", "is " + heads + ", which does not divide the " + hidden + " of hidden_size, and there is no head_dim");
        }
        ModelConfig config = new ModelConfig(
                keys.integer("vocab_size"),
                hidden,
                keys.integer("intermediate_size"),
                keys.integer("num_hidden_layers"),
                heads,
                keys.integer("num_key_value_heads", heads),
                headSize,
                keys.number("rms_norm_eps", 1e-6),
                RotaryKeys.read(keys),
                keys.flag("tie_word_embeddings", false),
                feedForward,
                keys.integer("max_position_embeddings", 2048),
                keys.number("initializer_range", 0.02),
                keys.has("bos_token_id") ? OptionalInt.of(keys.integer("bos_token_id", 0)) : OptionalInt.empty(),
                keys.integers("eos_token_id"));
        keys.throwIfProblems();
        config.check(file.toString(), KEYS::get);
        return config;
    }

    private static FeedForward readFeedForward(ConfigKeys keys, boolean lacuna) {
        String activation = keys.text("hidden_act", "silu");
        boolean gated = true;
        String up = FeedForward.IDENTITY;
        if (lacuna) {
            gated = keys.flag(GATED, true);
            up = canonical(keys.text(UP_ACTIVATION, FeedForward.IDENTITY));
        } else {
            keys.mustBeAbsent(GATED, "belongs to model_type " + LACUNA);
            keys.mustBeAbsent(UP_ACTIVATION, "belongs to model_type " + LACUNA);
        }
        return new FeedForward(canonical(activation), gated, up);
    }

    /** Our name for an activation that Hugging Face may know by several; a name that nobody knows stays, for the check to refuse. */
    private static String canonical(String name) {
        if (LINEAR.equals(name)) {
            return FeedForward.IDENTITY;
        }
        try {
            return Activations.byName(name).name();
        } catch (IllegalArgumentException e) {
            return name;
        }
    }

    private static void refuseWhatIsNotImplemented(ConfigKeys keys) {
        for (String bias : List.of("attention_bias", "mlp_bias")) {
            if (keys.flag(bias, false)) {
                keys.problem(bias, "is true; Lacuna's Llama has no biases");
            }
        }
        if (keys.number("partial_rotary_factor", 1) != 1) {
            keys.problem("partial_rotary_factor", "is not 1; Lacuna's Llama rotates whole heads");
        }
        if (keys.has("sliding_window") && keys.flag("use_sliding_window", true)) {
            keys.problem("sliding_window", "is set; Lacuna's Llama attends to the whole text");
        }
        keys.mustBeAbsent("quantization_config", "means quantized weights, which Lacuna does not read");
        keys.eachText("layer_types", type -> {
            if (!type.equals("full_attention")) {
                keys.problem("layer_types", "names " + type + "; Lacuna's Llama has full_attention only");
            }
        });
    }

    /** The text of a {@code config.json} that {@link #read} reads to the same config, and transformers too. */
    public static String write(ModelConfig c) {
        FeedForward f = c.feedForward();
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.putArray("architectures").add(f.isLlama() ? "LlamaForCausalLM" : "LacunaLlamaForCausalLM");
        json.put("attention_bias", false);
        json.put("attention_dropout", 0.0);
        putTokens(json, "bos_token_id", c.bos().isPresent() ? List.of(c.bos().getAsInt()) : List.of());
        json.put("dtype", "float32");
        putTokens(json, "eos_token_id", c.eos());
        json.put("head_dim", c.headSize());
        json.put("hidden_act", f.activation().equals(FeedForward.IDENTITY) ? LINEAR : f.activation());
        json.put("hidden_size", c.hidden());
        json.put("initializer_range", c.initializer());
        json.put("intermediate_size", c.intermediate());
        if (!f.isLlama()) {
            json.put(GATED, f.gated());
            json.put(UP_ACTIVATION, f.upActivation());
        }
        json.put("max_position_embeddings", c.maxPositions());
        json.put("mlp_bias", false);
        json.put("model_type", f.isLlama() ? LLAMA : LACUNA);
        json.put("num_attention_heads", c.heads());
        json.put("num_hidden_layers", c.layers());
        json.put("num_key_value_heads", c.kvHeads());
        json.put("rms_norm_eps", c.rmsNormEps());
        RotaryKeys.write(json, c.rotary());
        json.put("tie_word_embeddings", c.tied());
        json.put("torch_dtype", "float32");
        json.put("use_cache", true);
        json.put("vocab_size", c.vocabulary());
        try {
            DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
            return new ObjectMapper().writer(new DefaultPrettyPrinter().withObjectIndenter(indenter)).writeValueAsString(json) + "\n";
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory", e);
        }
    }

    private static void putTokens(ObjectNode json, String key, List<Integer> ids) {
        if (ids.isEmpty()) {
            json.putNull(key);
        } else if (ids.size() == 1) {
            json.put(key, ids.get(0));
        } else {
            ids.forEach(json.putArray(key)::add);
        }
    }
}
