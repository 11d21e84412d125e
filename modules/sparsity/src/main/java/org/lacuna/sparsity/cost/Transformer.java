package org.lacuna.sparsity.cost;

/**
 * A decoder by its shape: equal layers of attention to all earlier positions and a feed-forward block, and a head. No experts, no sliding windows.
 *
 * @param layers             how many
 * @param heads              of queries, in a layer
 * @param keyValueHeads      of keys and of values; as many as {@code heads} unless queries share them
 * @param headSize           entries of a head
 * @param vocabulary         rows of the head, whether or not it is the embedding too
 * @param block              each layer's feed-forward block, whose hidden size and bytes a weight are the model's
 * @param bytesPerCacheEntry of a key's or value's entry in the cache
 */
public record Transformer(int layers, int heads, int keyValueHeads, int headSize, int vocabulary, FeedForward block, double bytesPerCacheEntry) {
    /** Checks that sizes are at least 1, bytes above 0, and heads a multiple of those of keys. */
    public Transformer {
        if (layers < 1 || heads < 1 || keyValueHeads < 1 || headSize < 1 || vocabulary < 1 || heads % keyValueHeads != 0
                || !(bytesPerCacheEntry > 0 && bytesPerCacheEntry < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("no model has " + layers + " layers of " + heads + " heads, " + keyValueHeads + " of keys, of " + headSize
                    + " entries, a vocabulary of " + vocabulary + " and " + bytesPerCacheEntry + " bytes a cached entry");
        }
    }

    /** What the dense model takes for a step. */
    public ModelCost dense(Step step) {
        double queries = (double) heads * headSize;
        double keys = (double) keyValueHeads * headSize;
        // A score and a share of a value for each query entry and position attended to.
        double attention = 4 * queries * step.attended();
        double cached = 2 * keys * step.sequences() * ((double) step.before() + step.tokens());
        double head = (double) block.hidden() * vocabulary;
        double logits = (double) step.sequences() * step.logits();
        return new ModelCost(
                block.dense(step.allTokens()).total().times(layers),
                projections().dense(step.allTokens()).total().times(layers),
                new Cost(attention, cached * bytesPerCacheEntry).times(layers),
                logits == 0 ? Cost.NONE : Cost.ofProduct(head, logits, block.bytesPerWeight()));
    }

    /**
     * What it takes if every layer's block saves that much.
     *
     * @throws IllegalArgumentException if the saving is another block's, or another number of tokens'
     */
    public ModelCost sparse(Step step, Saving saving) {
        if (!saving.block().equals(block) || saving.tokens() != step.allTokens()) {
            throw new IllegalArgumentException("a saving of " + saving.block() + " at " + saving.tokens() + " tokens, not of " + block + " at "
                    + step.allTokens());
        }
        ModelCost dense = dense(step);
        return new ModelCost(saving.total().times(layers), dense.projections(), dense.attention(), dense.head());
    }

    /**
     * What it takes if a vector of every layer's attention is that sparse.
     *
     * @param sparsity 0 to 1: the share of its entries that are zero for all of the step's tokens
     * @throws IllegalArgumentException if it is out of range
     */
    public ModelCost sparse(Step step, AttentionRoute route, double sparsity) {
        ModelCost dense = dense(step);
        return new ModelCost(dense.feedForward(), projections().sparse(route, sparsity, step.allTokens()).total().times(layers), dense.attention(), dense.head());
    }

    /** Each layer's attention. */
    public Attention projections() {
        return new Attention(block.hidden(), heads, keyValueHeads, headSize, block.bytesPerWeight());
    }
}
