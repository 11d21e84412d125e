/**
 * Models: {@link org.lacuna.model.Model a config with its weights}, fresh ones ({@link org.lacuna.model.Initialization})
 * and stored ones ({@link org.lacuna.model.Checkpoint}). The config is in {@code config}, the graphs that compute with a
 * model in {@code graph}, the file format of the weights in {@code safetensors}.
 */
package org.lacuna.model;
