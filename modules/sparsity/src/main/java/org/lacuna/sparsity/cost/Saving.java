package org.lacuna.sparsity.cost;

/**
 * What a block takes with and without a site's zeros.
 *
 * @param block     whose
 * @param route     how zeros save work
 * @param sparsity  share of the site's entries that are zero for all of the tokens
 * @param tokens    computed together
 * @param dense     the products, nothing left out
 * @param sparse    what is left of them
 * @param predictor what comes on top of that
 */
public record Saving(FeedForward block, Route route, double sparsity, int tokens, Products dense, Products sparse, Cost predictor) {
    /** Checks that the sparsity is one and the block has what the route needs. */
    public Saving {
        if (!(sparsity >= 0 && sparsity <= 1)) {
            throw new IllegalArgumentException("a sparsity is between 0 and 1, not " + sparsity);
        }
        if (route.needsGate() && !block.gated()) {
            throw new IllegalArgumentException("a block without a gate has no route " + route);
        }
    }

    /** All that is computed: what is left of the products, and the predictor. */
    public Cost total() {
        return sparse.total().plus(predictor);
    }

    /** Operations over the dense block's: below 1 if any are saved. */
    public double flopsRatio() {
        return total().flops() / dense.total().flops();
    }

    /** Bytes over the dense block's. */
    public double bytesRatio() {
        return total().bytes() / dense.total().bytes();
    }
}
