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

/** OLMoE (Muennighoff et al. 2024, arXiv 2409.02060): experts, and norms of all queries and of all keys. */
final class Olmoe implements Family {
    @Override
    public String modelType() {
        return "olmoe";
    }

    @Override
    public String architecture() {
        return "OlmoeForCausalLM";
    }

    @Override
    public ModelConfig read(ConfigKeys keys) {
        LlamaKeys.noBiases(keys);
        keys.mustBeAbsent("clip_qkv", "is set; Lacuna does not clip queries, keys and values");
        Experts experts = new Experts(keys.integer("num_experts", 64), keys.integer("num_experts_per_tok", 8), keys.flag("norm_topk_prob", false));
        return LlamaKeys.read(keys, modelType(), LlamaKeys.Defaults.OLMOE, false, HeadNorm.ALL, FeedForward.gated(keys.activation("hidden_act", "silu")).withExperts(experts), Optional.empty());
    }

    @Override
    public void write(ObjectNode json, ModelConfig c) {
        LlamaKeys.write(json, c);
        json.remove("head_dim"); // hidden / heads in this family
        Experts e = c.feedForward().experts().orElseThrow();
        json.putNull("clip_qkv");
        json.put("norm_topk_prob", e.renormalized());
        json.put("num_experts", e.count());
        json.put("num_experts_per_tok", e.perToken());
    }

    @Override
    public Map<String, String> keys() {
        Map<String, String> keys = new HashMap<>(LlamaKeys.NAMES);
        keys.put("experts", "num_experts");
        keys.put("perToken", "num_experts_per_tok");
        return keys;
    }

    @Override
    public List<FileTensor> tensors(ModelConfig config) {
        return LlamaKeys.tensors(config);
    }
}
