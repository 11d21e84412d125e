/**
 * Training proper: {@link org.lacuna.training.Trainer} takes optimizer steps on batches that it is given and measures them.
 * What drives it over the data of a recipe, with metrics and checkpoints, is {@code org.lacuna.training.run}.
 */
package org.lacuna.training;
