/**
 * How sparse activations are, without asking what that costs the model. A {@link org.lacuna.sparsity.measure.Measure} is a function on one token's
 * vector that allocates nothing; {@link org.lacuna.sparsity.measure.Measures} names them all. What is gathered over tokens:
 * {@link org.lacuna.sparsity.measure.MeasureMeans}, {@link org.lacuna.sparsity.measure.MagnitudeHistogram},
 * {@link org.lacuna.sparsity.measure.NeuronUse}, {@link org.lacuna.sparsity.measure.NeighbourOverlap},
 * {@link org.lacuna.sparsity.measure.UnionSparsity}, of two models {@link org.lacuna.sparsity.measure.MaskOverlap}, and, for {@link org.lacuna.sparsity.measure.EffectiveRank},
 * {@link org.lacuna.sparsity.measure.TokenSample}. {@link org.lacuna.sparsity.measure.Cett} is what a mask does to a block's output,
 * {@link org.lacuna.sparsity.measure.CettCurve} finds a layer's threshold for it.
 *
 * <p>Policy of every measure: a value that is not finite is an error; a measure that a row does not have (the Gini index of zeros, say) is NaN, and
 * means leave it out and count it.
 *
 * <p>Whatever is gathered comes from texts, numbered from 0. One worker adds a text's tokens, in their order; several workers each have their own
 * instances, which are merged at the end. Counts are whole numbers, and sums are kept by text and added in the order of texts, so that neither the
 * number of workers nor the order of merging changes a bit of the result.
 *
 * <p>A mask is what {@link org.lacuna.sparsity.rule.Rule#keep} writes: bit j of {@code (n + 63) / 64} words is set if entry j is kept, and bits
 * beyond n are not. The rule {@code none} gives the mask of non-zeros.
 */
package org.lacuna.sparsity.measure;
