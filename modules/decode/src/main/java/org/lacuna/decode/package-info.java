/**
 * Text from a model: {@link org.lacuna.decode.Generator} runs it, keeping the keys and values of the tokens so far;
 * {@link org.lacuna.decode.Sampling} draws from its logits.
 */
package org.lacuna.decode;
