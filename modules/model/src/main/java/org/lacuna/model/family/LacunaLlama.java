package org.lacuna.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;

/**
 * A Llama with a feed-forward block that Hugging Face's cannot express: without a gate, dReLU, or ReLU with thresholds. transformers refuses such a
 * checkpoint instead of computing something else; it opens in Lacuna only.
 */
final class LacunaLlama implements Family {
    static final String GATED = "lacuna_gated";
    static final String UP_ACTIVATION = "lacuna_up_activation";
    /** One a layer, for a {@code hidden_act} of relu. */
    static final String THRESHOLDS = "lacuna_thresholds";
    /** The keys that no other family has. */
    static final List<String> OWN = List.of(GATED, UP_ACTIVATION, THRESHOLDS);

    @Override
    public String modelType() {
        return ModelConfig.LACUNA_LLAMA;
    }

    @Override
    public String architecture() {
        return "LacunaLlamaForCausalLM";
    }

    @Override
    public ModelConfig read(ConfigKeys keys) {
        FeedForward form = new FeedForward(keys.activation("hidden_act", "silu"), keys.flag(GATED, true), keys.activation(UP_ACTIVATION, FeedForward.IDENTITY), false, Optional.empty(),
                keys.numbers(THRESHOLDS));
        return Llama.read(keys, modelType(), form);
    }

    @Override
    public void write(ObjectNode json, ModelConfig config) {
        LlamaKeys.write(json, config);
        json.put("mlp_bias", false);
        json.put(GATED, config.feedForward().gated());
        json.put(UP_ACTIVATION, config.feedForward().upActivation());
        if (!config.feedForward().thresholds().isEmpty()) {
            config.feedForward().thresholds().forEach(json.putArray(THRESHOLDS)::add);
        }
    }

    @Override
    public Map<String, String> keys() {
        Map<String, String> keys = new HashMap<>(LlamaKeys.NAMES);
        keys.put("upActivation", UP_ACTIVATION);
        keys.put("thresholds", THRESHOLDS);
        return keys;
    }

    @Override
    public List<FileTensor> tensors(ModelConfig config) {
        return LlamaKeys.tensors(config);
    }
}
