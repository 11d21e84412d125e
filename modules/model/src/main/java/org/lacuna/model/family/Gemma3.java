package org.lacuna.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.lacuna.model.config.AttentionForm;
import org.lacuna.model.config.AttentionForm.HeadNorm;
import org.lacuna.model.config.AttentionForm.Sliding;
import org.lacuna.model.config.Block;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.Norm;
import org.lacuna.model.config.RotaryPosition;

/**
 * The text models of Gemma 3 (Gemma team 2025, arXiv 2503.19786): most layers slide and turn by a base of their own, norms stand
 * before and behind each block and are stored less 1, queries and keys are normed, embeddings are multiplied by √D.
 */
final class Gemma3 implements Family {
    private static final double GLOBAL_THETA = 1e6;
    private static final int DEFAULT_PATTERN = 6;

    @Override
    public String modelType() {
        return "gemma3_text";
    }

    @Override
    public String architecture() {
        return "Gemma3ForCausalLM";
    }

    @Override
    public ModelConfig read(ConfigKeys keys) {
        LlamaKeys.noBiases(keys);
        for (String cap : List.of("attn_logit_softcapping", "final_logit_softcapping")) {
            keys.mustBeAbsent(cap, "is set; Lacuna has no soft-capping");
        }
        keys.mustBe("use_bidirectional_attention", false, "Lacuna's Gemma 3 is causal");
        int vocabulary = keys.integer("vocab_size");
        int hidden = keys.integer("hidden_size");
        int heads = keys.integer("num_attention_heads");
        int layers = keys.integer("num_hidden_layers");
        RotaryPosition global = rotary(keys, "full_attention", "rope_theta", GLOBAL_THETA, RotaryKeys.scaling(keys.object("rope_scaling")));
        RotaryPosition local = rotary(keys, "sliding_attention", "rope_local_base_freq", RotaryKeys.DEFAULT_THETA, Optional.empty());
        Sliding sliding = new Sliding(keys.integer("sliding_window", LlamaKeys.WINDOW), slidingLayers(keys, layers), Optional.of(local));
        double scale = 1 / Math.sqrt(keys.number("query_pre_attn_scalar", 256));
        AttentionForm attention = new AttentionForm(false, false, HeadNorm.EACH, scale, sliding.layers().isEmpty() ? Optional.empty() : Optional.of(sliding));
        return new ModelConfig(modelType(), vocabulary, hidden, keys.integer("intermediate_size"), layers, heads,
                keys.absent("num_key_value_heads") ? 4 : keys.integer("num_key_value_heads", heads), keys.integer("head_dim", 256), attention,
                new Norm(Norm.Kind.RMS_LESS_ONE, keys.number("rms_norm_eps", 1e-6)), Block.SANDWICH, global,
                FeedForward.gated(keys.activation("hidden_activation", "gelu_pytorch_tanh")), Math.sqrt(hidden), keys.flag("tie_word_embeddings", true),
                keys.integer("max_position_embeddings", 131072), keys.number("initializer_range", 0.02), keys.token("bos_token_id", OptionalInt.of(2), vocabulary),
                keys.tokens("eos_token_id", OptionalInt.of(1), vocabulary));
    }

    private static RotaryPosition rotary(ConfigKeys keys, String kind, String theta, double absent, Optional<RotaryPosition.Scaling> scaling) {
        ConfigKeys parameters = keys.object("rope_parameters");
        RotaryPosition old = new RotaryPosition(keys.number(theta, absent), 1, scaling);
        if (!parameters.has(kind)) {
            return old;
        }
        RotaryPosition now = RotaryKeys.parameters(parameters.object(kind), old.theta());
        if (now.fraction() != 1) {
            parameters.object(kind).problem("partial_rotary_factor", "is not 1; this family rotates whole heads");
        }
        if (keys.has(theta) && now.theta() != old.theta()) {
            keys.problem(theta, "is " + old.theta() + ", but rope_parameters." + kind + ".rope_theta is " + now.theta());
        }
        if (scaling.isPresent() && !now.scaling().equals(scaling)) {
            keys.problem("rope_scaling", "says something else than rope_parameters." + kind);
        }
        return now;
    }

    /** By {@code layer_types}; in older files every n-th layer is global and the others slide. */
    private static List<Integer> slidingLayers(ConfigKeys keys, int layers) {
        if (keys.has("layer_types")) {
            return LlamaKeys.slidingLayers(keys);
        }
        int pattern = keys.integer("sliding_window_pattern", DEFAULT_PATTERN);
        if (pattern < 1) {
            keys.problem("sliding_window_pattern", "is " + pattern + ", it must be 1 or more");
            return List.of();
        }
        return IntStream.range(0, Math.min(layers, 4096)).filter(layer -> (layer + 1) % pattern != 0).boxed().toList();
    }

    @Override
    public void write(ObjectNode json, ModelConfig c) {
        LlamaKeys.writeSizes(json, c);
        json.putNull("attn_logit_softcapping");
        json.putNull("final_logit_softcapping");
        json.put("hidden_activation", HuggingFaceConfig.activation(c));
        json.put("intermediate_size", c.intermediate());
        LlamaKeys.writeLayerTypes(json, c);
        double scalar = 1 / (c.attention().scale() * c.attention().scale());
        if (Math.abs(scalar - Math.rint(scalar)) < 1e-9 * scalar) {
            json.put("query_pre_attn_scalar", Math.round(scalar)); // transformers wants a whole number
        } else {
            json.put("query_pre_attn_scalar", scalar);
        }
        RotaryPosition global = (RotaryPosition) c.position();
        RotaryPosition local = c.attention().sliding().flatMap(Sliding::rotary).orElse(RotaryPosition.plain(RotaryKeys.DEFAULT_THETA));
        ObjectNode parameters = json.putObject("rope_parameters");
        RotaryKeys.writeParameters(parameters.putObject("full_attention"), global);
        RotaryKeys.writeParameters(parameters.putObject("sliding_attention"), local);
        json.put("rope_local_base_freq", local.theta());
        RotaryKeys.writeScaling(json, global);
        json.put("rope_theta", global.theta());
        json.put("sliding_window", c.attention().sliding().map(Sliding::window).orElse(4096));
    }

    @Override
    public Map<String, String> keys() {
        Map<String, String> keys = new HashMap<>(LlamaKeys.NAMES);
        keys.put("activation", "hidden_activation");
        keys.put("scale", "query_pre_attn_scalar");
        return keys;
    }

    @Override
    public List<FileTensor> tensors(ModelConfig config) {
        return LlamaKeys.tensors(config);
    }
}
