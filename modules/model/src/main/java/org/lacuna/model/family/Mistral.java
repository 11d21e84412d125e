package org.lacuna.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lacuna.model.config.AttentionForm.HeadNorm;
import org.lacuna.model.config.AttentionForm.Sliding;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;

/** Mistral (Jiang et al. 2023, arXiv 2310.06825): a Llama all of whose layers slide, unless {@code sliding_window} is null. */
final class Mistral implements Family {
    @Override
    public String modelType() {
        return "mistral";
    }

    @Override
    public String architecture() {
        return "MistralForCausalLM";
    }

    @Override
    public ModelConfig read(ConfigKeys keys) {
        LlamaKeys.noBiases(keys);
        int layers = Math.min(keys.integer("num_hidden_layers"), 4096);
        Optional<Sliding> sliding = keys.has("sliding_window") || keys.absent("sliding_window")
                ? Optional.of(new Sliding(keys.integer("sliding_window", LlamaKeys.WINDOW), IntStream.range(0, layers).boxed().toList(), Optional.empty()))
                : Optional.empty();
        return LlamaKeys.read(keys, modelType(), LlamaKeys.Defaults.MISTRAL, false, HeadNorm.NONE, FeedForward.gated(keys.activation("hidden_act", "silu")), sliding);
    }

    @Override
    public void write(ObjectNode json, ModelConfig config) {
        LlamaKeys.write(json, config);
        config.attention().sliding().ifPresentOrElse(s -> json.put("sliding_window", s.window()), () -> json.putNull("sliding_window"));
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
