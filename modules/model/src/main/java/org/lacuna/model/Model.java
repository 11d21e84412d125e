package org.lacuna.model;

import java.util.Set;
import org.lacuna.graph.ParameterStore;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.LowRank;

/**
 * A model: what it is and its weights.
 *
 * @param config checked
 * @param parameters the weights under Hugging Face's names, and those of the adapters
 * @param adapters which layers have adapters
 */
public record Model(ModelConfig config, ParameterStore parameters, LowRank adapters) {
    /** A model without adapters. */
    public Model(ModelConfig config, ParameterStore parameters) {
        this(config, parameters, LowRank.none());
    }

    /** What of it is trained. */
    public Tuning tuning() {
        return new Tuning(Set.copyOf(parameters.frozenNames()), adapters);
    }
}
