/**
 * What a model is, without its weights: sizes, rotary position, feed-forward block; and the reading and writing of it as
 * Hugging Face's {@code config.json}.
 */
package org.lacuna.model.config;
