/**
 * A search over the keys of a recipe: Arbiter proposes candidates, each is trained and measured in a process of its own, and all of it is in a folder
 * from which the search goes on after any interruption.
 */
package org.lacuna.training.sweep;
