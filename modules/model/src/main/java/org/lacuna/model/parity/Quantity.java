package org.lacuna.model.parity;

import java.util.Locale;

/**
 * What is compared, and how far two implementations may differ: as far as fp32 rounds. Where the largest expected number of a tensor is
 * above {@value #USUAL}, all but gradients may differ by as many times more.
 */
public enum Quantity {
    /** Of all tokens. */
    LOGITS(3e-5),
    /** The mean over the tokens that have a next one. */
    LOSS(1e-6),
    /** Layers' outputs. */
    HIDDEN(1e-4),
    /** Vectors in the feed-forward blocks. */
    SITES(1e-4),
    /** Which experts compute each token, by falling weight: as many entries as differ. */
    EXPERTS(0),
    /** Of the loss, with respect to each tensor of the checkpoint's files: relative to the tensor's largest entry. */
    GRADIENTS(2e-4);

    /** Numbers up to here are as far off as numbers of 1. */
    private static final double USUAL = 20;
    /** What an entry of a gradient may differ by, however small the tensor's largest. */
    private static final double GRADIENT_FLOOR = 1e-6;

    private final double tolerance;

    Quantity(double tolerance) {
        this.tolerance = tolerance;
    }

    /** Its name in what is printed. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * How far an entry may be off.
     *
     * @param largest magnitude among the tensor's expected entries
     */
    public double tolerance(double largest) {
        return this == GRADIENTS ? tolerance * largest + GRADIENT_FLOOR : tolerance * Math.max(1, largest / USUAL);
    }
}
