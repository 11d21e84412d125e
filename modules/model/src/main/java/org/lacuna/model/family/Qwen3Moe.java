package org.lacuna.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lacuna.model.config.AttentionForm.HeadNorm;
import org.lacuna.model.config.Experts;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;

/** Qwen 3 with experts in every layer (Yang et al. 2025, arXiv 2505.09388). */
final class Qwen3Moe implements Family {
    @Override
    public String modelType() {
        return "qwen3_moe";
    }

    @Override
    public String architecture() {
        return "Qwen3MoeForCausalLM";
    }

    @Override
    public ModelConfig read(ConfigKeys keys) {
        LlamaKeys.noBiases(keys);
        keys.mustBe("decoder_sparse_step", 1, "Lacuna has experts in every layer of a model, or in none");
        if (!keys.integers("mlp_only_layers").isEmpty()) {
            keys.problem("mlp_only_layers", "names layers without experts; Lacuna has experts in every layer of a model, or in none");
        }
        int count = keys.integer("num_experts", keys.integer("num_local_experts", 128));
        if (keys.has("num_experts") && keys.integer("num_local_experts", count) != count) {
            keys.problem("num_local_experts", "is " + keys.integer("num_local_experts", count) + ", but num_experts is " + count);
        }
        keys.mustBe("use_sliding_window", false, "Lacuna's Qwen 3 with experts attends to the whole text");
        keys.has("sliding_window"); // switched off
        keys.has("intermediate_size"); // of layers without experts, which there are none of
        Experts experts = new Experts(count, keys.integer("num_experts_per_tok", 8), keys.flag("norm_topk_prob", false));
        FeedForward form = FeedForward.gated(keys.activation("hidden_act", "silu")).withExperts(experts);
        return LlamaKeys.read(keys, modelType(), LlamaKeys.Defaults.QWEN3_MOE, false, HeadNorm.EACH, form, Optional.empty(), "moe_intermediate_size");
    }

    @Override
    public void write(ObjectNode json, ModelConfig c) {
        LlamaKeys.write(json, c);
        Experts e = c.feedForward().experts().orElseThrow();
        json.put("decoder_sparse_step", 1);
        json.putArray("mlp_only_layers");
        json.put("moe_intermediate_size", c.intermediate());
        json.put("norm_topk_prob", e.renormalized());
        json.put("num_experts", e.count());
        json.put("num_experts_per_tok", e.perToken());
    }

    @Override
    public Map<String, String> keys() {
        Map<String, String> keys = new HashMap<>(LlamaKeys.NAMES);
        keys.put("intermediate", "moe_intermediate_size");
        keys.put("experts", "num_experts");
        keys.put("perToken", "num_experts_per_tok");
        return keys;
    }

    @Override
    public List<FileTensor> tensors(ModelConfig config) {
        return LlamaKeys.tensors(config);
    }
}
