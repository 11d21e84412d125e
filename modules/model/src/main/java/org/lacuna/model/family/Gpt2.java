package org.lacuna.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.lacuna.graph.TensorSpec;
import org.lacuna.model.config.AttentionForm;
import org.lacuna.model.config.AttentionForm.HeadNorm;
import org.lacuna.model.config.Block;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.LearnedPosition;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.Norm;
import org.lacuna.model.graph.DecoderParameters;

/**
 * GPT-2 (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"): learned positions, layer norms, biases
 * everywhere, an FFN without a gate. Its files hold linear layers as [in, out], and queries, keys and values as one.
 */
final class Gpt2 implements Family {
    private static final Map<String, String> KEYS = Map.ofEntries(
            Map.entry("vocabulary", "vocab_size"),
            Map.entry("hidden", "n_embd"),
            Map.entry("intermediate", "n_inner"),
            Map.entry("layers", "n_layer"),
            Map.entry("heads", "n_head"),
            Map.entry("kvHeads", "n_head"),
            Map.entry("headSize", "n_head"),
            Map.entry("epsilon", "layer_norm_epsilon"),
            Map.entry("maxPositions", "n_positions"),
            Map.entry("initializer", "initializer_range"),
            Map.entry("bos", "bos_token_id"),
            Map.entry("eos", "eos_token_id"),
            Map.entry("activation", "activation_function"));

    /** Norms' names in the files, by ours. */
    private static final Map<String, String> NORMS = Map.of("input_layernorm", "ln_1", "post_attention_layernorm", "ln_2");

    @Override
    public String modelType() {
        return "gpt2";
    }

    @Override
    public String architecture() {
        return "GPT2LMHeadModel";
    }

    @Override
    public ModelConfig read(ConfigKeys keys) {
        keys.mustBe("scale_attn_weights", true, "Lacuna's GPT-2 divides scores by the root of a head's size");
        keys.mustBe("scale_attn_by_inverse_layer_idx", false, "Lacuna's GPT-2 does not scale scores by the layer");
        keys.mustBe("add_cross_attention", false, "Lacuna's GPT-2 has no cross-attention");
        keys.mustBe("reorder_and_upcast_attn", false, "Lacuna's GPT-2 knows one order of multiplying");
        int vocabulary = keys.integer("vocab_size");
        int hidden = keys.integer("n_embd");
        int heads = keys.integer("n_head");
        int headSize = keys.headSize("n_embd", hidden, "n_head", heads);
        AttentionForm attention = new AttentionForm(true, true, HeadNorm.NONE, 1 / Math.sqrt(headSize), Optional.empty());
        return new ModelConfig(modelType(), vocabulary, hidden, keys.integer("n_inner", 4 * hidden), keys.integer("n_layer"), heads, heads,
                headSize, attention, new Norm(Norm.Kind.LAYER, keys.number("layer_norm_epsilon", 1e-5)), Block.SEQUENTIAL, new LearnedPosition(0),
                FeedForward.ungated(keys.activation("activation_function", "gelu_new")).withBiases(), 1, keys.flag("tie_word_embeddings", true),
                keys.integer("n_positions", 1024), keys.number("initializer_range", 0.02), keys.token("bos_token_id", OptionalInt.of(50256), vocabulary), keys.tokens("eos_token_id", OptionalInt.of(50256), vocabulary));
    }

    @Override
    public void write(ObjectNode json, ModelConfig c) {
        json.put("activation_function", HuggingFaceConfig.activation(c));
        json.put("attn_pdrop", 0.0);
        json.put("embd_pdrop", 0.0);
        json.put("initializer_range", c.initializer());
        json.put("layer_norm_epsilon", c.norm().epsilon());
        json.put("n_embd", c.hidden());
        json.put("n_head", c.heads());
        json.put("n_inner", c.intermediate());
        json.put("n_layer", c.layers());
        json.put("n_positions", c.maxPositions());
        json.put("resid_pdrop", 0.0);
        json.put("scale_attn_weights", true);
    }

    @Override
    public Map<String, String> keys() {
        return KEYS;
    }

    @Override
    public String prefix() {
        return "transformer.";
    }

    @Override
    public String redundant() {
        return "h\\.\\d+\\.attn\\.(bias|masked_bias)";
    }

    @Override
    public List<FileTensor> tensors(ModelConfig c) {
        Map<String, TensorSpec> specs = DecoderParameters.of(c).stream().collect(Collectors.toMap(TensorSpec::name, s -> s, (a, b) -> a, LinkedHashMap::new));
        List<FileTensor> all = new ArrayList<>();
        all.add(FileTensor.same("transformer.wte.weight", specs.get(DecoderParameters.EMBEDDING)));
        all.add(FileTensor.same("transformer.wpe.weight", specs.get(DecoderParameters.POSITIONS)));
        for (int layer = 0; layer < c.layers(); layer++) {
            String at = "transformer.h." + layer + ".";
            for (String norm : List.of("input_layernorm", "post_attention_layernorm")) {
                addNorm(all, specs, at + NORMS.get(norm), DecoderParameters.module(layer, norm));
            }
            addLinear(all, specs, at + "attn.c_attn", layer, "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj");
            addLinear(all, specs, at + "attn.c_proj", layer, "self_attn.o_proj");
            addLinear(all, specs, at + "mlp.c_fc", layer, "mlp.up_proj");
            addLinear(all, specs, at + "mlp.c_proj", layer, "mlp.down_proj");
        }
        addNorm(all, specs, "transformer.ln_f", DecoderParameters.NORM);
        if (!c.tied()) {
            all.add(FileTensor.same(head(), specs.get(DecoderParameters.LM_HEAD)));
        }
        return all;
    }

    private static void addNorm(List<FileTensor> all, Map<String, TensorSpec> specs, String name, String module) {
        all.add(FileTensor.same(name + ".weight", specs.get(DecoderParameters.weight(module))));
        all.add(FileTensor.same(name + ".bias", specs.get(DecoderParameters.bias(module))));
    }

    private static void addLinear(List<FileTensor> all, Map<String, TensorSpec> specs, String name, int layer, String... modules) {
        List<String> paths = List.of(modules).stream().map(m -> DecoderParameters.module(layer, m)).toList();
        all.add(FileTensor.transposed(name + ".weight", paths.stream().map(m -> specs.get(DecoderParameters.weight(m))).toArray(TensorSpec[]::new)));
        all.add(FileTensor.joined(name + ".bias", paths.stream().map(m -> specs.get(DecoderParameters.bias(m))).toArray(TensorSpec[]::new)));
    }
}
