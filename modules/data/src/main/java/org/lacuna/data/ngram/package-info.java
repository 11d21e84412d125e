/** The yardstick that a trained model must beat: a trigram model of the same tokens. */
package org.lacuna.data.ngram;
