package org.lacuna.model.config;

/**
 * Experts in place of one feed-forward block: a router chooses some for each token.
 *
 * @param count E, how many experts a layer has
 * @param perToken k, how many compute a token
 * @param renormalized whether the weights of the chosen ones are made to add up to 1
 */
public record Experts(int count, int perToken, boolean renormalized) {}
