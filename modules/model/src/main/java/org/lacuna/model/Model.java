package org.lacuna.model;

import org.lacuna.graph.ParameterStore;
import org.lacuna.model.config.ModelConfig;

/**
 * A model: what it is and its weights.
 *
 * @param config checked
 * @param parameters the weights under Hugging Face's names
 */
public record Model(ModelConfig config, ParameterStore parameters) {}
