package org.lacuna.data.cache;

/**
 * A stretch of one document, for one of the two parts.
 *
 * @param text       its characters; empty for an end of a document
 * @param validation for validation, else for training
 * @param end        whether end-of-text follows, and nothing else is in it
 */
record Piece(String text, boolean validation, boolean end) {
}
