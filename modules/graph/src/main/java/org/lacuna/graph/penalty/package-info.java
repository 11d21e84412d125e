/**
 * Sparsity penalties, one file each: the formula in plain ND4J operations (the reference) beside the loops of the CPU's kernels.
 * The ops know a penalty by its code only, so that {@link org.lacuna.graph.penalty.Penalties} is the one place where a new one is
 * entered.
 */
package org.lacuna.graph.penalty;
