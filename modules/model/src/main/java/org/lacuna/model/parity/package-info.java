/**
 * What a model computes against what another implementation computed from the same weights: {@link org.lacuna.model.parity.Expected}
 * is the file of the other's numbers, {@link org.lacuna.model.parity.Parity} the comparison.
 */
package org.lacuna.model.parity;
