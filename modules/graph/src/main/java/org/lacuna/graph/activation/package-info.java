/**
 * Activation functions, one file each: the formula in plain ND4J operations (the reference) beside the vector loop of
 * the CPU's kernels. The ops know an activation by its code only, so that {@link org.lacuna.graph.activation.Activations}
 * is the one place where a new one is entered.
 */
package org.lacuna.graph.activation;
