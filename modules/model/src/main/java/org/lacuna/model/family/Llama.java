package org.lacuna.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lacuna.model.config.AttentionForm.HeadNorm;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;

/** Llama 1 to 3.2 (Touvron et al. 2023, arXiv 2302.13971; Llama team 2024, arXiv 2407.21783). */
final class Llama implements Family {
    @Override
    public String modelType() {
        return ModelConfig.LLAMA;
    }

    @Override
    public String architecture() {
        return "LlamaForCausalLM";
    }

    @Override
    public ModelConfig read(ConfigKeys keys) {
        for (String key : LacunaLlama.OWN) {
            keys.mustBeAbsent(key, "belongs to model_type " + ModelConfig.LACUNA_LLAMA);
        }
        return read(keys, modelType(), FeedForward.gated(keys.activation("hidden_act", "silu")));
    }

    static ModelConfig read(ConfigKeys keys, String family, FeedForward feedForward) {
        LlamaKeys.noBiases(keys);
        if (keys.has("sliding_window") && keys.flag("use_sliding_window", true)) {
            keys.problem("sliding_window", "is set; a Llama attends to the whole text");
        }
        if (!LlamaKeys.slidingLayers(keys).isEmpty()) {
            keys.problem("layer_types", "names " + LlamaKeys.SLIDING + "; a Llama has " + LlamaKeys.FULL + " only");
        }
        return LlamaKeys.read(keys, family, LlamaKeys.Defaults.LLAMA, false, HeadNorm.NONE, feedForward, Optional.empty());
    }

    @Override
    public void write(ObjectNode json, ModelConfig config) {
        LlamaKeys.write(json, config);
        json.put("mlp_bias", false);
    }

    @Override
    public Map<String, String> keys() {
        return LlamaKeys.NAMES;
    }

    @Override
    public List<FileTensor> tensors(ModelConfig config) {
        return LlamaKeys.tensors(config);
    }
}
