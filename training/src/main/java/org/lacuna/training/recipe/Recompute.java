package org.lacuna.training.recipe;

/** What the backward pass computes again instead of reading what the forward pass kept: less memory, more time, the same bits. */
public enum Recompute {
    /** Nothing: all that it needs is kept. */
    NONE,

    /** All of a layer, from the layer's input; but for the last layer, whose backward pass comes first. */
    LAYER
}
