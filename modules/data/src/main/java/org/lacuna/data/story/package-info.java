/**
 * The embedded corpus: simple stories by a probabilistic grammar, made from a seed. The grammar has one derivation for each
 * text, so the generator knows the probability of what it writes, which is the loss that no model gets below.
 */
package org.lacuna.data.story;
