package org.lacuna.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import org.lacuna.model.config.ModelConfig;

/**
 * A family of models: how Hugging Face's {@code config.json} describes one, and how its files call and lay out the weights. A new
 * one is one file beside this one and one line in {@link Families}; what it computes is composed of what
 * {@link ModelConfig} offers.
 */
interface Family {
    /** Its {@code model_type}. */
    String modelType();

    /** The class in transformers, for {@code architectures}. */
    String architecture();

    /**
     * Reads the keys that describe a model. A key that changes what is computed and that the family's graph has not is noted as a
     * problem, never ignored.
     */
    ModelConfig read(ConfigKeys keys);

    /** Writes the keys that {@link #read} reads, as transformers names them; those that all families have alike are there already. */
    void write(ObjectNode json, ModelConfig config);

    /** The key of a component of the config, for messages (see {@link ModelConfig#check}); a component without a key is not among them. */
    Map<String, String> keys();

    /** The tensors of its files, in the order in which they are written; a tied output embedding is not among them. */
    List<FileTensor> tensors(ModelConfig config);

    /** What all names of tensors begin with; published files may lack it. Empty where there is no such prefix. */
    default String prefix() {
        return "";
    }

    /** The name of the output embedding in its files, which may be there again though it is tied. */
    default String head() {
        return "lm_head.weight";
    }

    /** A regular expression of the names (without the prefix) of buffers in published files that follow from the config. */
    default String redundant() {
        return "layers\\.\\d+\\.self_attn\\.rotary_emb\\.inv_freq";
    }
}
