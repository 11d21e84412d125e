/**
 * YAML recipes to records and back. A record's components are the keys, {@link org.lacuna.run.recipe.Key}
 * says what a key means and allows, and everything wrong with a recipe is told at once, each with file,
 * line and key.
 */
package org.lacuna.run.recipe;
