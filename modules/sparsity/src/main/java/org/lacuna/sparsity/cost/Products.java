package org.lacuna.sparsity.cost;

/**
 * A feed-forward block's matrix products.
 *
 * @param up   with the up projection
 * @param gate with the gate projection; {@link Cost#NONE} without one
 * @param down with the down projection
 */
public record Products(Cost up, Cost gate, Cost down) {
    /** All together. */
    public Cost total() {
        return up.plus(gate).plus(down);
    }
}
