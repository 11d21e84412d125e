/**
 * What sparsity could save at most: floating-point operations and bytes counted from shapes, with nothing measured.
 * {@link org.lacuna.sparsity.cost.FeedForward} counts a block's products and, by a {@link org.lacuna.sparsity.cost.Route}, what is left of them;
 * {@link org.lacuna.sparsity.cost.Attention} the same of attention's projections, by an {@link org.lacuna.sparsity.cost.AttentionRoute};
 * {@link org.lacuna.sparsity.cost.Transformer} sets that beside the rest of a model at a {@link org.lacuna.sparsity.cost.Step}.
 *
 * <p>A multiplication and its addition are two operations. Bytes are those of weights, and of cached keys and values, each read once a step;
 * activations, norms, biases, softmax, rotary embeddings, the activation function and the embedding's rows are small beside them and left out, and so
 * is everything that keeps hardware from its peak. The ratios are bounds, not forecasts.
 *
 * <p>For several tokens at once a weight is left out only if none of them needs it: sparsity is then that of the union over the tokens, as
 * {@link org.lacuna.sparsity.measure.UnionSparsity} measures it, for operations and bytes alike.
 */
package org.lacuna.sparsity.cost;
