package org.lacuna.eval.measure;

/**
 * How a text is cut.
 *
 * @param windows how many
 * @param length  tokens in each
 */
public record Cut(int windows, int length) {
}
