package org.lacuna.model.family;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.lacuna.graph.TensorSpec;
import org.lacuna.model.config.AttentionForm;
import org.lacuna.model.config.AttentionForm.HeadNorm;
import org.lacuna.model.config.AttentionForm.Sliding;
import org.lacuna.model.config.Block;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.Norm;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.model.graph.DecoderParameters;

/** What Llama and those that descend from it have alike: the keys of the sizes, and the tensors' names. */
final class LlamaKeys {
    static final String FULL = "full_attention";
    static final String SLIDING = "sliding_attention";

    /** What transformers takes where no window is named. */
    static final int WINDOW = 4096;
    /** Likewise for {@code max_window_layers}. */
    private static final int FIRST_SLIDING = 28;

    static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("vocabulary", "vocab_size"),
            Map.entry("hidden", "hidden_size"),
            Map.entry("intermediate", "intermediate_size"),
            Map.entry("layers", "num_hidden_layers"),
            Map.entry("heads", "num_attention_heads"),
            Map.entry("kvHeads", "num_key_value_heads"),
            Map.entry("headSize", "head_dim"),
            Map.entry("epsilon", "rms_norm_eps"),
            Map.entry("window", "sliding_window"),
            Map.entry("maxPositions", "max_position_embeddings"),
            Map.entry("initializer", "initializer_range"),
            Map.entry("bos", "bos_token_id"),
            Map.entry("eos", "eos_token_id"),
            Map.entry("theta", "rope_theta"),
            Map.entry("fraction", "partial_rotary_factor"),
            Map.entry("factor", "factor"),
            Map.entry("lowFrequencyFactor", "low_freq_factor"),
            Map.entry("highFrequencyFactor", "high_freq_factor"),
            Map.entry("originalLength", "original_max_position_embeddings"),
            Map.entry("activation", "hidden_act"));

    private LlamaKeys() {}

    /**
     * What transformers takes where a family's config leaves a key out. Sizes without a default here follow from others, or must be there.
     *
     * @param kvHeads empty for as many as heads
     * @param headSize empty for hidden / heads
     */
    record Defaults(double epsilon, OptionalInt kvHeads, OptionalInt headSize, int maxPositions, OptionalInt bos, OptionalInt eos) {
        static final Defaults LLAMA = new Defaults(1e-6, OptionalInt.empty(), OptionalInt.empty(), 2048, OptionalInt.of(1), OptionalInt.of(2));
        static final Defaults MISTRAL = new Defaults(1e-6, OptionalInt.of(8), OptionalInt.empty(), 131072, OptionalInt.of(1), OptionalInt.of(2));
        static final Defaults QWEN2 = new Defaults(1e-6, OptionalInt.of(32), OptionalInt.empty(), 32768, OptionalInt.empty(), OptionalInt.empty());
        static final Defaults QWEN3 = new Defaults(1e-6, OptionalInt.of(32), OptionalInt.of(128), 32768, OptionalInt.empty(), OptionalInt.empty());
        static final Defaults QWEN3_MOE = new Defaults(1e-6, OptionalInt.of(4), OptionalInt.empty(), 32768, OptionalInt.empty(), OptionalInt.empty());
        static final Defaults OLMOE = new Defaults(1e-5, OptionalInt.empty(), OptionalInt.empty(), 4096, OptionalInt.empty(), OptionalInt.of(50279));
    }

    /** Reads a model with RMS norms, rotary position and grouped queries. */
    static ModelConfig read(ConfigKeys keys, String family, Defaults defaults, boolean inputBiases, HeadNorm headNorm, FeedForward feedForward, Optional<Sliding> sliding) {
        return read(keys, family, defaults, inputBiases, headNorm, feedForward, sliding, "intermediate_size");
    }

    /** The same with another key for the inner size of the feed-forward block. */
    static ModelConfig read(ConfigKeys keys, String family, Defaults defaults, boolean inputBiases, HeadNorm headNorm, FeedForward feedForward, Optional<Sliding> sliding,
            String intermediate) {
        int vocabulary = keys.integer("vocab_size");
        int hidden = keys.integer("hidden_size");
        int heads = keys.integer("num_attention_heads");
        int headSize = keys.has("head_dim") ? keys.integer("head_dim")
                : defaults.headSize.isPresent() && keys.absent("head_dim") ? defaults.headSize.getAsInt()
                : keys.headSize("hidden_size", hidden, "num_attention_heads", heads);
        int kvHeads = defaults.kvHeads.isPresent() && keys.absent("num_key_value_heads") ? defaults.kvHeads.getAsInt() : keys.integer("num_key_value_heads", heads);
        AttentionForm attention = new AttentionForm(inputBiases, false, headNorm, 1 / Math.sqrt(headSize), sliding);
        RotaryPosition rotary = RotaryKeys.whole(keys, RotaryKeys.read(keys));
        return new ModelConfig(family, vocabulary, hidden, keys.integer(intermediate), keys.integer("num_hidden_layers"), heads, kvHeads, headSize, attention,
                Norm.rms(keys.number("rms_norm_eps", defaults.epsilon)), Block.SEQUENTIAL, rotary, feedForward, 1, keys.flag("tie_word_embeddings", false),
                keys.integer("max_position_embeddings", defaults.maxPositions), keys.number("initializer_range", 0.02),
                keys.token("bos_token_id", defaults.bos, vocabulary), keys.tokens("eos_token_id", defaults.eos, vocabulary));
    }

    /** Refuses biases in a family that Lacuna knows without. */
    static void noBiases(ConfigKeys keys) {
        for (String bias : List.of("attention_bias", "mlp_bias")) {
            keys.mustBe(bias, false, "Lacuna's graph of this family has no such biases");
        }
    }

    /**
     * Layers that slide, of a family that says so by {@code use_sliding_window}: by {@code layer_types}, or from layer
     * {@code max_window_layers} on.
     */
    static Optional<Sliding> switchedSliding(ConfigKeys keys) {
        boolean named = keys.has("sliding_window") || keys.absent("sliding_window"); // published files name a window and switch it off
        boolean on = keys.flag("use_sliding_window", false) && named;
        int layers = Math.min(keys.integer("num_hidden_layers"), 4096);
        int first = keys.integer("max_window_layers", FIRST_SLIDING);
        List<Integer> byTypes = slidingLayers(keys);
        if (!on) {
            if (!byTypes.isEmpty()) {
                keys.problem("layer_types", "names " + SLIDING + ", but use_sliding_window or sliding_window says that no layer slides");
            }
            return Optional.empty();
        }
        List<Integer> sliding = keys.has("layer_types") ? byTypes : IntStream.range(Math.max(0, first), layers).boxed().toList();
        return sliding.isEmpty() ? Optional.empty() : Optional.of(new Sliding(keys.integer("sliding_window", WINDOW), sliding, Optional.empty()));
    }

    /** The layers that {@code layer_types} calls sliding; none where it is absent. */
    static List<Integer> slidingLayers(ConfigKeys keys) {
        List<String> types = keys.texts("layer_types");
        List<Integer> sliding = new ArrayList<>();
        for (int layer = 0; layer < types.size(); layer++) {
            if (types.get(layer).equals(SLIDING)) {
                sliding.add(layer);
            } else if (!types.get(layer).equals(FULL)) {
                keys.problem("layer_types", "names " + types.get(layer) + "; Lacuna has " + FULL + " and " + SLIDING);
            }
        }
        if (!types.isEmpty() && types.size() != keys.integer("num_hidden_layers")) {
            keys.problem("layer_types", "has " + types.size() + " entries, but num_hidden_layers is " + keys.integer("num_hidden_layers"));
        }
        return sliding;
    }

    /** Writes what {@link #read} reads. */
    static void write(ObjectNode json, ModelConfig c) {
        writeSizes(json, c);
        json.put("hidden_act", HuggingFaceConfig.activation(c));
        json.put("intermediate_size", c.intermediate());
        RotaryKeys.write(json, (RotaryPosition) c.position());
    }

    static void writeSizes(ObjectNode json, ModelConfig c) {
        json.put("attention_bias", false);
        json.put("attention_dropout", 0.0);
        json.put("head_dim", c.headSize());
        json.put("hidden_size", c.hidden());
        json.put("initializer_range", c.initializer());
        json.put("max_position_embeddings", c.maxPositions());
        json.put("num_attention_heads", c.heads());
        json.put("num_hidden_layers", c.layers());
        json.put("num_key_value_heads", c.kvHeads());
        json.put("rms_norm_eps", c.norm().epsilon());
    }

    /** Writes what {@link #switchedSliding} reads. */
    static void writeSwitchedSliding(ObjectNode json, ModelConfig c) {
        Optional<Sliding> sliding = c.attention().sliding();
        writeLayerTypes(json, c);
        json.put("use_sliding_window", sliding.isPresent());
        if (sliding.isPresent()) {
            json.put("sliding_window", sliding.get().window());
            json.put("max_window_layers", sliding.get().layers().get(0));
        } else {
            json.putNull("sliding_window");
            json.put("max_window_layers", c.layers());
        }
    }

    static void writeLayerTypes(ObjectNode json, ModelConfig c) {
        ArrayNode types = json.putArray("layer_types");
        for (int layer = 0; layer < c.layers(); layer++) {
            types.add(c.attention().sliding(layer).isPresent() ? SLIDING : FULL);
        }
    }

    /** The parameters under their own names, experts one by one. */
    static List<FileTensor> tensors(ModelConfig c) {
        List<FileTensor> all = new ArrayList<>();
        for (TensorSpec spec : DecoderParameters.of(c)) {
            String name = spec.name();
            if (name.contains(".mlp.experts.")) {
                for (int e = 0; e < spec.size(0); e++) {
                    all.add(FileTensor.slice(name.replace(".mlp.experts.", ".mlp.experts." + e + "."), spec, e));
                }
            } else {
                all.add(FileTensor.same(name.replace(".mlp.router.", ".mlp.gate."), spec));
            }
        }
        return all;
    }
}
