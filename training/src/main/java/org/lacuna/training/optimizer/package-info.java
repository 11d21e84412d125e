/**
 * From gradients to the next parameters: the learning rate's schedule, clipping by the global norm, and AdamW with its
 * moments.
 */
package org.lacuna.training.optimizer;
