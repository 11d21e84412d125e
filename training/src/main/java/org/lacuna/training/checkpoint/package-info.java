/**
 * Checkpoints of a training run: the model as Hugging Face's loaders expect it, the optimizer's moments, and the state
 * that a run needs to go on to the same bits.
 */
package org.lacuna.training.checkpoint;
