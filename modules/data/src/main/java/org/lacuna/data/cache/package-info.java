/**
 * Texts of any size in the tokens of any tokenizer: encoded once, in pieces, into files that are mapped into memory and found again
 * by a hash of the text, the tokenizer and the settings.
 */
package org.lacuna.data.cache;
