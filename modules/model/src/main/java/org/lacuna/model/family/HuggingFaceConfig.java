package org.lacuna.model.family;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.InputException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hugging Face's {@code config.json} of every family, in the keys of transformers 5 and in those that published checkpoints have:
 * {@code dtype} or {@code torch_dtype}; {@code rope_parameters} or {@code rope_theta} with {@code rope_scaling}; what may be missing
 * has transformers' default.
 *
 * <p>A key that would change what the model computes and that Lacuna does not implement is refused; one that is known to change
 * nothing is passed over; an unknown one is named in a warning.
 */
public final class HuggingFaceConfig {
    /** Hugging Face's name for the activation that does nothing. */
    static final String LINEAR = "linear";

    private static final Logger LOG = LoggerFactory.getLogger(HuggingFaceConfig.class);

    /** Keys that change nothing in what a model computes when it is measured or trained without dropout. */
    private static final Set<String> HARMLESS = Set.of("_name_or_path", "_sliding_window_pattern", "activation_dropout", "architectures", "attention_dropout",
            "attn_pdrop", "cache_implementation", "chunk_size_feed_forward", "classifier_dropout", "dropout", "dtype", "embd_pdrop", "finetuning_task",
            "gradient_checkpointing", "hidden_dropout", "id2label", "is_decoder", "label2id", "layerdrop", "max_window_layers", "n_ctx", "output_attentions",
            "output_hidden_states", "output_router_logits", "pad_token_id", "prefix", "pretraining_tp", "problem_type", "resid_pdrop", "return_dict",
            "rope_parameters.original_max_position_embeddings", "router_aux_loss_coef", "summary_activation", "summary_first_dropout", "summary_proj_to_labels",
            "summary_type", "summary_use_proj", "task_specific_params", "tokenizer_class", "torch_dtype", "transformers_version", "unk_token_id", "use_cache",
            "use_mrope");

    private HuggingFaceConfig() {}

    /**
     * Reads and checks a config.
     *
     * @throws InputException with all problems, each naming the file and the key
     */
    public static ModelConfig read(Path file) {
        ConfigKeys keys = ConfigKeys.read(file);
        ModelConfig config = read(file, keys);
        Set<String> unknown = unknown(keys);
        if (!unknown.isEmpty()) {
            LOG.warn("{}: keys that Lacuna does not know, passed over: {}", file, String.join(", ", unknown));
        }
        return config;
    }

    /** The keys of a config, which {@link #read} accepts, that Lacuna does not know. */
    static Set<String> unknown(Path file) {
        ConfigKeys keys = ConfigKeys.read(file);
        read(file, keys);
        return unknown(keys);
    }

    private static Set<String> unknown(ConfigKeys keys) {
        Set<String> unknown = new TreeSet<>(keys.unread());
        unknown.removeAll(HARMLESS);
        return unknown;
    }

    private static ModelConfig read(Path file, ConfigKeys keys) {
        String type = keys.text("model_type", "missing");
        Family family = Families.find(type).orElseThrow(() -> new InputException(file + ": model_type is " + type + "; Lacuna reads " + Families.names()));
        keys.mustBeAbsent("quantization_config", "means quantized weights, which Lacuna does not read");
        keys.mustBe("is_encoder_decoder", false, "Lacuna has decoders only");
        ModelConfig config = family.read(keys);
        keys.throwIfProblems();
        config.check(file.toString(), component -> family.keys().getOrDefault(component, component));
        return config;
    }

    /** The name of the activation as Hugging Face has it. */
    static String activation(ModelConfig c) {
        String name = c.feedForward().activation();
        return name.equals(FeedForward.IDENTITY) ? LINEAR : name;
    }

    /** The text of a {@code config.json} that {@link #read} reads to the same config, and transformers too, for weights in F32. */
    public static String write(ModelConfig c) {
        return write(c, "float32");
    }

    /**
     * The same for weights of another type.
     *
     * @param dtype PyTorch's name for it
     */
    public static String write(ModelConfig c, String dtype) {
        Family family = Families.of(c.family());
        if (c.onlyLacunas() && !c.family().equals(ModelConfig.LACUNA_LLAMA)) {
            throw new IllegalArgumentException("a config.json of the family " + c.family() + " can't say what this model computes: " + c);
        }
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.putArray("architectures").add(family.architecture());
        putTokens(json, "bos_token_id", c.bos().isPresent() ? List.of(c.bos().getAsInt()) : List.of());
        json.put("dtype", dtype);
        putTokens(json, "eos_token_id", c.eos());
        family.write(json, c);
        json.put("model_type", family.modelType());
        json.put("tie_word_embeddings", c.tied());
        json.put("torch_dtype", dtype);
        json.put("use_cache", true);
        json.put("vocab_size", c.vocabulary());
        try {
            DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
            return new ObjectMapper().writer(new DefaultPrettyPrinter().withObjectIndenter(indenter)).writeValueAsString(json) + "\n";
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory", e);
        }
    }

    private static void putTokens(ObjectNode json, String key, List<Integer> tokens) {
        if (tokens.isEmpty()) {
            json.putNull(key);
        } else if (tokens.size() == 1) {
            json.put(key, tokens.get(0));
        } else {
            tokens.forEach(json.putArray(key)::add);
        }
    }
}
