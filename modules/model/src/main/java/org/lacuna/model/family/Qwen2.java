package org.lacuna.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import org.lacuna.model.config.AttentionForm.HeadNorm;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;

/** Qwen 2 and 2.5 (Yang et al. 2024, arXiv 2407.10671): a Llama with biases on queries, keys and values. */
final class Qwen2 implements Family {
    @Override
    public String modelType() {
        return "qwen2";
    }

    @Override
    public String architecture() {
        return "Qwen2ForCausalLM";
    }

    @Override
    public ModelConfig read(ConfigKeys keys) {
        return LlamaKeys.read(keys, modelType(), LlamaKeys.Defaults.QWEN2, true, HeadNorm.NONE, FeedForward.gated(keys.activation("hidden_act", "silu")), LlamaKeys.switchedSliding(keys));
    }

    @Override
    public void write(ObjectNode json, ModelConfig config) {
        LlamaKeys.write(json, config);
        json.remove("attention_bias"); // its biases are no matter of a key
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
