/**
 * What a training recipe says: the model, the data, how it is trained and for what objective. A recipe is a YAML file
 * ({@code configs/}); {@link org.lacuna.training.recipe.TrainRecipe} is the whole of it.
 */
package org.lacuna.training.recipe;
