/**
 * Whether a difference between paired measurements is more than chance, and how many examples it takes to tell. Nothing in here knows of sparsity.
 *
 * <p>{@link org.lacuna.sparsity.statistics.PermutationTest} exchanges the labels of pairs, {@link org.lacuna.sparsity.statistics.ExamplesNeeded} says how
 * many pairs would resolve a bar.
 */
package org.lacuna.sparsity.statistics;
