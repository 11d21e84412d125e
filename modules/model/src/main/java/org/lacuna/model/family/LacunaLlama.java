package org.lacuna.model.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.FeedForwardSite;
import org.lacuna.model.config.Mask;
import org.lacuna.model.config.ModelConfig;

/**
 * A Llama that Hugging Face's cannot express: its feed-forward block is without a gate, is dReLU, has masks, or its ReLU has thresholds; or there
 * is an activation behind the norms. transformers refuses such a checkpoint instead of computing something else; it opens in Lacuna only.
 */
final class LacunaLlama implements Family {
    static final String GATED = "lacuna_gated";
    static final String UP_ACTIVATION = "lacuna_up_activation";
    /** One a layer, for a {@code hidden_act} of relu. */
    static final String THRESHOLDS = "lacuna_thresholds";
    /** Behind the norms in front of attention and feed-forward block. */
    static final String NORM_ACTIVATION = "lacuna_norm_activation";
    /** Objects {@code {"site": …, "rule": …, "value": …}}. */
    static final String MASKS = "lacuna_masks";
    /** The keys that no other family has. */
    static final List<String> OWN = List.of(GATED, UP_ACTIVATION, THRESHOLDS, NORM_ACTIVATION, MASKS);

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
                keys.numbers(THRESHOLDS), masks(keys));
        return Llama.read(keys, modelType(), form).withNormActivation(keys.activation(NORM_ACTIVATION, FeedForward.IDENTITY));
    }

    private static List<Mask> masks(ConfigKeys keys) {
        List<Mask> masks = new ArrayList<>();
        for (JsonNode mask : keys.objects(MASKS)) {
            Optional<FeedForwardSite> site = FeedForwardSite.byKey(mask.path("site").asText());
            if (site.isEmpty() || !mask.path("rule").isTextual() || !mask.path("value").isNumber()) {
                keys.problem(MASKS, "expected objects {\"site\", \"rule\", \"value\"}: one of " + FeedForwardSite.keys() + ", a rule's name, a number");
                return List.of();
            }
            masks.add(new Mask(site.get(), mask.get("rule").asText(), mask.get("value").asDouble()));
        }
        return masks;
    }

    @Override
    public void write(ObjectNode json, ModelConfig config) {
        LlamaKeys.write(json, config);
        json.put("mlp_bias", false);
        json.put(GATED, config.feedForward().gated());
        json.put(UP_ACTIVATION, config.feedForward().upActivation());
        if (!config.normActivation().equals(FeedForward.IDENTITY)) {
            json.put(NORM_ACTIVATION, config.normActivation());
        }
        if (!config.feedForward().thresholds().isEmpty()) {
            config.feedForward().thresholds().forEach(json.putArray(THRESHOLDS)::add);
        }
        if (!config.feedForward().masks().isEmpty()) {
            ArrayNode masks = json.putArray(MASKS);
            config.feedForward().masks().forEach(mask -> masks.addObject().put("site", mask.site().key()).put("rule", mask.rule()).put("value", mask.value()));
        }
    }

    @Override
    public Map<String, String> keys() {
        Map<String, String> keys = new HashMap<>(LlamaKeys.NAMES);
        keys.put("upActivation", UP_ACTIVATION);
        keys.put("thresholds", THRESHOLDS);
        keys.put("normActivation", NORM_ACTIVATION);
        keys.put("masks", MASKS);
        return keys;
    }

    @Override
    public List<FileTensor> tensors(ModelConfig config) {
        return LlamaKeys.tensors(config);
    }
}
