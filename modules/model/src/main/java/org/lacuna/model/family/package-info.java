/**
 * Families of models as Hugging Face has them: {@link org.lacuna.model.family.HuggingFaceConfig} reads and writes their
 * {@code config.json}, {@link org.lacuna.model.family.HuggingFaceWeights} their weights; each family is one file.
 */
package org.lacuna.model.family;
