/**
 * What a model is, without its weights: sizes, norms, positions, attention, feed-forward block, experts.
 */
package org.lacuna.model.config;
