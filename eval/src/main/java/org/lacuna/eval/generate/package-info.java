/**
 * Text from a model by plain sampling: {@link org.lacuna.eval.generate.Generator} runs the model,
 * {@link org.lacuna.eval.generate.Sampling} draws from its logits.
 */
package org.lacuna.eval.generate;
