package org.lacuna.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
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
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.Norm;
import org.lacuna.model.config.RotaryPosition;
import org.lacuna.model.graph.DecoderParameters;

/**
 * GPT-NeoX (Black et al. 2022, arXiv 2204.06745) and Pythia: attention and FFN side by side, layer norms, rotary position of a part of
 * each head, an FFN without a gate. Its files hold queries, keys and values head by head in one tensor.
 */
final class GptNeoX implements Family {
    private static final String QKV = "self_attn.%s_proj";

    /** Names in the files, by ours. */
    private static final Map<String, String> MODULES = new LinkedHashMap<>();

    static {
        MODULES.put("input_layernorm", "input_layernorm");
        MODULES.put("post_attention_layernorm", "post_attention_layernorm");
        MODULES.put("self_attn.o_proj", "attention.dense");
        MODULES.put("mlp.up_proj", "mlp.dense_h_to_4h");
        MODULES.put("mlp.down_proj", "mlp.dense_4h_to_h");
    }

    @Override
    public String modelType() {
        return "gpt_neox";
    }

    @Override
    public String architecture() {
        return "GPTNeoXForCausalLM";
    }

    @Override
    public ModelConfig read(ConfigKeys keys) {
        int vocabulary = keys.integer("vocab_size");
        int hidden = keys.integer("hidden_size");
        int heads = keys.integer("num_attention_heads");
        int headSize = keys.headSize("hidden_size", hidden, "num_attention_heads", heads);
        boolean biases = keys.flag("attention_bias", true);
        AttentionForm attention = new AttentionForm(biases, biases, HeadNorm.NONE, 1 / Math.sqrt(headSize), Optional.empty());
        RotaryPosition rotary = RotaryKeys.read(keys, "rotary_emb_base", RotaryKeys.DEFAULT_THETA, "rotary_pct", 0.25);
        return new ModelConfig(modelType(), vocabulary, hidden, keys.integer("intermediate_size"), keys.integer("num_hidden_layers"), heads, heads,
                headSize, attention, new Norm(Norm.Kind.LAYER, keys.number("layer_norm_eps", 1e-5)),
                keys.flag("use_parallel_residual", true) ? Block.PARALLEL : Block.SEQUENTIAL, rotary,
                FeedForward.ungated(keys.activation("hidden_act", "gelu")).withBiases(), 1, keys.flag("tie_word_embeddings", false),
                keys.integer("max_position_embeddings", 2048), keys.number("initializer_range", 0.02), keys.token("bos_token_id", OptionalInt.of(0), vocabulary), keys.tokens("eos_token_id", OptionalInt.of(2), vocabulary));
    }

    @Override
    public void write(ObjectNode json, ModelConfig c) {
        RotaryPosition rotary = (RotaryPosition) c.position();
        json.put("attention_bias", c.attention().inputBiases());
        json.put("attention_dropout", 0.0);
        json.put("hidden_act", HuggingFaceConfig.activation(c));
        json.put("hidden_dropout", 0.0);
        json.put("hidden_size", c.hidden());
        json.put("initializer_range", c.initializer());
        json.put("intermediate_size", c.intermediate());
        json.put("layer_norm_eps", c.norm().epsilon());
        json.put("max_position_embeddings", c.maxPositions());
        json.put("num_attention_heads", c.heads());
        json.put("num_hidden_layers", c.layers());
        RotaryKeys.writeParameters(json.putObject("rope_parameters"), rotary);
        RotaryKeys.writeScaling(json, rotary);
        json.put("rotary_emb_base", rotary.theta());
        json.put("rotary_pct", rotary.fraction());
        json.put("use_parallel_residual", c.block() == Block.PARALLEL);
    }

    @Override
    public Map<String, String> keys() {
        Map<String, String> keys = new HashMap<>(LlamaKeys.NAMES);
        keys.put("epsilon", "layer_norm_eps");
        keys.put("kvHeads", "num_attention_heads");
        keys.put("headSize", "num_attention_heads");
        keys.put("theta", "rotary_emb_base");
        keys.put("fraction", "rotary_pct");
        return keys;
    }

    @Override
    public String prefix() {
        return "gpt_neox.";
    }

    @Override
    public String head() {
        return "embed_out.weight";
    }

    @Override
    public String redundant() {
        return "layers\\.\\d+\\.attention\\.(bias|masked_bias|rotary_emb\\.inv_freq)";
    }

    @Override
    public List<FileTensor> tensors(ModelConfig c) {
        Map<String, TensorSpec> specs = DecoderParameters.of(c).stream().collect(Collectors.toMap(TensorSpec::name, s -> s));
        List<FileTensor> all = new ArrayList<>();
        all.add(FileTensor.same("gpt_neox.embed_in.weight", specs.get(DecoderParameters.EMBEDDING)));
        for (int layer = 0; layer < c.layers(); layer++) {
            String at = "gpt_neox.layers." + layer + ".";
            for (String kind : List.of("weight", "bias")) {
                TensorSpec[] qkv = new TensorSpec[3];
                for (int i = 0; i < 3; i++) {
                    qkv[i] = specs.get(DecoderParameters.module(layer, QKV.formatted("qkv".charAt(i))) + "." + kind);
                }
                if (qkv[0] != null) {
                    all.add(FileTensor.byHead(at + "attention.query_key_value." + kind, c.headSize(), qkv));
                }
            }
            for (Map.Entry<String, String> module : MODULES.entrySet()) {
                add(all, specs, DecoderParameters.module(layer, module.getKey()), at + module.getValue());
            }
        }
        add(all, specs, DecoderParameters.NORM, "gpt_neox.final_layer_norm");
        if (!c.tied()) {
            all.add(FileTensor.same(head(), specs.get(DecoderParameters.LM_HEAD)));
        }
        return all;
    }

    private static void add(List<FileTensor> all, Map<String, TensorSpec> specs, String module, String name) {
        for (String kind : List.of("weight", "bias")) {
            TensorSpec spec = specs.get(module + "." + kind);
            if (spec != null) {
                all.add(FileTensor.same(name + "." + kind, spec));
            }
        }
    }
}
