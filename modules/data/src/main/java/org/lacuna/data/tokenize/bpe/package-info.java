/**
 * Training of byte-level BPE tokenizers: {@link org.lacuna.data.tokenize.bpe.WordCounts} counts the words of texts,
 * {@link org.lacuna.data.tokenize.bpe.BpeTrainer} finds the merges, {@link org.lacuna.data.tokenize.bpe.BpeVocabulary} is what comes out.
 */
package org.lacuna.data.tokenize.bpe;
