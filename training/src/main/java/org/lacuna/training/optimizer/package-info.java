/**
 * From gradients to the next parameters: the learning rate's schedule, clipping by the global norm, AdamW with its
 * moments and groups, and the moving average of the weights.
 */
package org.lacuna.training.optimizer;
