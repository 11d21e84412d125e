package org.lacuna.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import org.lacuna.model.config.AttentionForm.HeadNorm;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;

/** Qwen 3 (Yang et al. 2025, arXiv 2505.09388): a Llama that norms each head's queries and keys. */
final class Qwen3 implements Family {
    @Override
    public String modelType() {
        return "qwen3";
    }

    @Override
    public String architecture() {
        return "Qwen3ForCausalLM";
    }

    @Override
    public ModelConfig read(ConfigKeys keys) {
        LlamaKeys.noBiases(keys);
        return LlamaKeys.read(keys, modelType(), LlamaKeys.Defaults.QWEN3, false, HeadNorm.EACH, FeedForward.gated(keys.activation("hidden_act", "silu")), LlamaKeys.switchedSliding(keys));
    }

    @Override
    public void write(ObjectNode json, ModelConfig config) {
        LlamaKeys.write(json, config);
        LlamaKeys.writeSwitchedSliding(json, config);
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
