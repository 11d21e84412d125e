package org.lacuna.graph;

/** In which numbers a program multiplies matrices, and keeps what only products and elementwise ops read. */
public enum Precision {
    /** 24 significant bits. */
    FP32,
    /**
     * The factors of matrix products are bfloat16 (8 significant bits, ties to even), and so is what is kept for such a
     * product or between two elementwise ops. Sums are fp32, and so are parameters and their gradients, the residual
     * stream and its gradient, norms, softmax and losses.
     */
    BF16
}
