/**
 * Text from a model by plain sampling: {@link org.lacuna.eval.generate.Generator} runs the model,
 * {@link org.lacuna.eval.generate.Sampling} draws from its logits, {@link org.lacuna.eval.generate.TextStream} makes text of the tokens.
 */
package org.lacuna.eval.generate;
