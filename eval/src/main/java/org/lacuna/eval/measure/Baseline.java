package org.lacuna.eval.measure;

import java.util.OptionalDouble;

/**
 * Something other than the compared models that predicts the same text: a trigram model, the generator that wrote it.
 *
 * @param name         what the report calls it
 * @param loss         mean −ln p of a token, nats, if known
 * @param bitsPerByte  total −log₂ p / bytes of text, if known
 * @param measuredOn   which text that was computed on, and what it was fitted to, in words
 */
public record Baseline(String name, OptionalDouble loss, OptionalDouble bitsPerByte, String measuredOn) {
}
