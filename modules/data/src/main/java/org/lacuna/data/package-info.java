/**
 * Corpora: text as tokens, cut into training and validation. {@link org.lacuna.data.Corpora} opens the one that a recipe
 * names; the subpackages hold what it is made of.
 */
package org.lacuna.data;
