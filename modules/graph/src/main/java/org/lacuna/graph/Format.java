package org.lacuna.graph;

/** In which numbers a kernel takes an operand. */
public enum Format {
    /** 32 bits a number, as the graph says. */
    FP32,
    /** Also in bf16, rounded by whoever writes it. */
    EITHER,
    /** In bf16 alone: a factor of a product in a program of that precision. */
    BF16
}
