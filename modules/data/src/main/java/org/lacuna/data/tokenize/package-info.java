/** Tokenizers: text to ids and back, and the {@code tokenizer.json} that says how to other people's software. */
package org.lacuna.data.tokenize;
