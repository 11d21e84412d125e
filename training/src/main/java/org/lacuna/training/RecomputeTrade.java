package org.lacuna.training;

import org.lacuna.training.recipe.Recompute;

/**
 * What computing layers again in the backward pass saves and costs in a step.
 *
 * @param chosen what the run does
 * @param savedBytes activations of all shards without it less those with it; not above 0 where it saves nothing
 * @param moreOperations of the matrix products, as a share of those without it
 */
public record RecomputeTrade(Recompute chosen, long savedBytes, double moreOperations) {}
