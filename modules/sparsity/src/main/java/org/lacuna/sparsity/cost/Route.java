package org.lacuna.sparsity.cost;

import org.lacuna.sparsity.Site;

/**
 * How a mask of one site's vector saves work, by when it is known. With a gated block {@code down(up(x) · act(gate(x)))}, up and gate being [F][D]
 * and down [D][F], a zero entry of x makes a column of up and gate superfluous, and a neuron of which any factor is zero a row of up and gate and a
 * column of down.
 */
public enum Route {
    /** The input's mask, known from the start: leaves out columns of up and gate. Down is computed in full. */
    INPUT(Site.INPUT, true, true, false),
    /** The gate is computed in full; its mask leaves out rows of up and columns of down. Gated blocks only. */
    GATE_FIRST(Site.GATE, true, false, true),
    /** Up is computed in full; its mask leaves out rows of the gate and columns of down. Gated blocks only. */
    UP_FIRST(Site.UP, false, true, true),
    /** A predictor names the intermediate vector's zeros beforehand: leaves out rows of up and gate and columns of down. */
    PREDICTED(Site.INTERMEDIATE, true, true, true),
    /** The intermediate vector's mask is known once the vector is: leaves out columns of down only. */
    DOWN_ONLY(Site.INTERMEDIATE, false, false, true);

    private final Site site;
    private final boolean savesUp;
    private final boolean savesGate;
    private final boolean savesDown;

    Route(Site site, boolean savesUp, boolean savesGate, boolean savesDown) {
        this.site = site;
        this.savesUp = savesUp;
        this.savesGate = savesGate;
        this.savesDown = savesDown;
    }

    /** Whose sparsity it is. */
    public Site site() {
        return site;
    }

    /** Whether it takes a gate beside an up projection. */
    public boolean needsGate() {
        return this == GATE_FIRST || this == UP_FIRST;
    }

    /** What is left of a block's products. */
    Products of(Products dense, double sparsity) {
        double left = 1 - sparsity;
        return new Products(dense.up().times(savesUp ? left : 1), dense.gate().times(savesGate ? left : 1), dense.down().times(savesDown ? left : 1));
    }
}
