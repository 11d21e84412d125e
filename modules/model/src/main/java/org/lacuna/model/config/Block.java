package org.lacuna.model.config;

/** How a layer's attention and feed-forward block stand in the residual stream h. */
public enum Block {
    /** h += attention(norm(h)); h += ffn(norm(h)). */
    SEQUENTIAL,
    /** h += attention(norm(h)) + ffn(norm(h)), both reading the same h (GPT-NeoX). */
    PARALLEL,
    /** h += norm(attention(norm(h))); h += norm(ffn(norm(h))) (Gemma 3). */
    SANDWICH
}
