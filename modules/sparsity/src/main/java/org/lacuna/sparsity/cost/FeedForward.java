package org.lacuna.sparsity.cost;

/**
 * A feed-forward block by its shape.
 *
 * @param hidden         size of its input and output, D
 * @param inner          its neurons, F
 * @param gated          whether it has a gate beside the up projection: three matrices of D · F weights, otherwise two
 * @param bytesPerWeight as stored: 4 for float32, 2 for bfloat16, 0.5 for four bits (what goes with the bits, such as scales, is the caller's to add)
 */
public record FeedForward(int hidden, int inner, boolean gated, double bytesPerWeight) {
    /** Checks that sizes are at least 1 and bytes above 0. */
    public FeedForward {
        if (hidden < 1 || inner < 1 || !(bytesPerWeight > 0 && bytesPerWeight < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("a block has sizes and bytes above 0, not " + hidden + ", " + inner + " and " + bytesPerWeight);
        }
    }

    /**
     * The products of some tokens computed together, nothing left out.
     *
     * @param tokens at least 1
     */
    public Products dense(int tokens) {
        if (tokens < 1) {
            throw new IllegalArgumentException("a step has at least 1 token, not " + tokens);
        }
        Cost matrix = Cost.ofProduct((double) hidden * inner, tokens, bytesPerWeight);
        return new Products(matrix, gated ? matrix : Cost.NONE, matrix);
    }

    /**
     * What a site's sparsity could save. For {@link Route#PREDICTED} the predictor is free and never wrong: the most that any could save.
     *
     * @param route    how
     * @param sparsity 0 to 1: the share of the site's entries that are zero for all of the tokens
     * @param tokens   computed together, at least 1
     * @throws IllegalArgumentException if one is out of range, or the block lacks the gate that the route needs
     */
    public Saving saving(Route route, double sparsity, int tokens) {
        return new Saving(this, route, sparsity, tokens, dense(tokens), route.of(dense(tokens), sparsity), Cost.NONE);
    }

    /**
     * What the intermediate vector's sparsity could save by a predictor of two matrices, {@code rank} × D and F × {@code rank}, which is computed for
     * each token and stored as the block's weights are.
     *
     * @param sparsity of what it predicts, for all of the tokens
     * @param tokens   computed together, at least 1
     * @param rank     at least 1
     */
    public Saving predicted(double sparsity, int tokens, int rank) {
        if (rank < 1) {
            throw new IllegalArgumentException("a predictor has a rank of at least 1, not " + rank);
        }
        Cost predictor = Cost.ofProduct((double) rank * hidden + (double) rank * inner, tokens, bytesPerWeight);
        return new Saving(this, Route.PREDICTED, sparsity, tokens, dense(tokens), Route.PREDICTED.of(dense(tokens), sparsity), predictor);
    }
}
