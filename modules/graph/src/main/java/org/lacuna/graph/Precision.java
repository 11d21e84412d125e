package org.lacuna.graph;

/** In which numbers a program multiplies matrices. Everything else, and what is kept, is fp32 in either. */
public enum Precision {
    /** 24 significant bits. */
    FP32,
    /**
     * Operands of matrix products are rounded to bfloat16 (8 significant bits, ties to even) and summed in fp32: the
     * products of linear layers and of the output embedding, forward and backward. Attention's stay in fp32.
     */
    BF16
}
