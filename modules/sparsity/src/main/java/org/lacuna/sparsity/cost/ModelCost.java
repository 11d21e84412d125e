package org.lacuna.sparsity.cost;

/**
 * What a model takes for a step.
 *
 * @param feedForward the feed-forward blocks of all layers
 * @param projections of queries, keys, values and attention's output, in all layers
 * @param attention   scores and weighted sums; its bytes are those of keys and values, the new tokens' own among them, each counted once a step
 * @param head        logits
 */
public record ModelCost(Cost feedForward, Cost projections, Cost attention, Cost head) {
    /** All together. */
    public Cost total() {
        return feedForward.plus(projections).plus(attention).plus(head);
    }

    /** The blocks' share of all operations. Where they became free, the model's would still be 1 minus this. */
    public double feedForwardShareOfFlops() {
        return feedForward.flops() / total().flops();
    }

    /** The blocks' share of all bytes. */
    public double feedForwardShareOfBytes() {
        return feedForward.bytes() / total().bytes();
    }
}
