package org.lacuna.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
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
 * OPT (Zhang et al. 2022, arXiv 2205.01068) with norms before the blocks, as all sizes but 350 M have it: learned positions behind
 * two unused rows, layer norms, biases everywhere, an FFN with ReLU and no gate.
 */
final class Opt implements Family {
    private static final double EPSILON = 1e-5;
    private static final int OFFSET = 2;

    /** Names in the files, by ours. */
    private static final Map<String, String> MODULES = Map.of(
            "self_attn.o_proj", "self_attn.out_proj",
            "mlp.up_proj", "fc1",
            "mlp.down_proj", "fc2",
            "input_layernorm", "self_attn_layer_norm",
            "post_attention_layernorm", "final_layer_norm");

    @Override
    public String modelType() {
        return "opt";
    }

    @Override
    public String architecture() {
        return "OPTForCausalLM";
    }

    @Override
    public ModelConfig read(ConfigKeys keys) {
        keys.mustBe("do_layer_norm_before", true, "Lacuna's OPT has its norms before the blocks");
        keys.mustBe("_remove_final_layer_norm", false, "Lacuna's OPT ends with a norm");
        keys.mustBe("enable_bias", true, "Lacuna's OPT has biases");
        keys.mustBe("layer_norm_elementwise_affine", true, "Lacuna's norms have weights");
        int vocabulary = keys.integer("vocab_size");
        int hidden = keys.integer("hidden_size");
        int heads = keys.integer("num_attention_heads");
        int headSize = keys.headSize("hidden_size", hidden, "num_attention_heads", heads);
        keys.mustBe("word_embed_proj_dim", hidden, "Lacuna's OPT has embeddings of hidden_size = " + hidden);
        AttentionForm attention = new AttentionForm(true, true, HeadNorm.NONE, 1 / Math.sqrt(headSize), Optional.empty());
        return new ModelConfig(modelType(), vocabulary, hidden, keys.integer("ffn_dim"), keys.integer("num_hidden_layers"), heads, heads,
                headSize, attention, new Norm(Norm.Kind.LAYER, EPSILON), Block.SEQUENTIAL, new LearnedPosition(OFFSET),
                FeedForward.ungated(keys.activation("activation_function", "relu")).withBiases(), 1, keys.flag("tie_word_embeddings", true),
                keys.integer("max_position_embeddings", 2048), keys.number("init_std", 0.02), keys.token("bos_token_id", OptionalInt.of(2), vocabulary), keys.tokens("eos_token_id", OptionalInt.of(2), vocabulary));
    }

    @Override
    public void write(ObjectNode json, ModelConfig c) {
        json.put("activation_function", HuggingFaceConfig.activation(c));
        json.put("attention_dropout", 0.0);
        json.put("do_layer_norm_before", true);
        json.put("dropout", 0.0);
        json.put("enable_bias", true);
        json.put("ffn_dim", c.intermediate());
        json.put("hidden_size", c.hidden());
        json.put("init_std", c.initializer());
        json.put("layer_norm_elementwise_affine", true);
        json.put("max_position_embeddings", c.maxPositions());
        json.put("num_attention_heads", c.heads());
        json.put("num_hidden_layers", c.layers());
        json.put("word_embed_proj_dim", c.hidden());
    }

    @Override
    public Map<String, String> keys() {
        Map<String, String> keys = new HashMap<>(LlamaKeys.NAMES);
        keys.put("intermediate", "ffn_dim");
        keys.put("initializer", "init_std");
        keys.put("activation", "activation_function");
        keys.put("kvHeads", "num_attention_heads");
        keys.put("headSize", "num_attention_heads");
        return keys;
    }

    @Override
    public String prefix() {
        return "model.";
    }

    @Override
    public List<FileTensor> tensors(ModelConfig c) {
        List<FileTensor> all = new ArrayList<>();
        for (TensorSpec spec : DecoderParameters.of(c)) {
            all.add(FileTensor.same(name(spec.name()), spec));
        }
        return all;
    }

    private static String name(String parameter) {
        if (parameter.equals(DecoderParameters.LM_HEAD)) {
            return parameter;
        }
        String name = parameter.replace("model.", "model.decoder.").replace("model.decoder.norm.", "model.decoder.final_layer_norm.");
        for (Map.Entry<String, String> module : MODULES.entrySet()) {
            name = name.replace("." + module.getKey() + ".", "." + module.getValue() + ".");
        }
        return name;
    }
}
