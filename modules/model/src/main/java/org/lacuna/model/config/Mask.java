package org.lacuna.model.config;

/**
 * A rule that is part of a model: at one site of every layer it sets to 0 what the rule does not keep, in training (with a straight-through
 * gradient) as in every later use. {@code top_k} at the input and the intermediate is Q-Sparse's (arXiv 2407.10969; without its rescaling),
 * {@code stat_top_k} before the activation close to Spark Transformer's (arXiv 2506.06644).
 *
 * @param site where
 * @param rule its name among {@code org.lacuna.sparsity.rule.Rules}
 * @param value its parameter: the share of elements, or of mass, that it keeps; above 0, at most 1
 */
public record Mask(FeedForwardSite site, String rule, double value) {}
