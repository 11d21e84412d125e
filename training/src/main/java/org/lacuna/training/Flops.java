package org.lacuna.training;

import org.lacuna.model.config.ModelConfig;

/**
 * Floating-point operations of training by the usual convention (Kaplan et al. 2020, "Scaling laws for neural language
 * models", and PaLM's appendix B): 6 for each weight of a matrix product and token, and 12 · L · T · N·H a token for
 * attention, counted as the full square. The output embedding is a matrix product, tied or not; the input embedding is none.
 */
public final class Flops {
    private Flops() {}

    /** Operations for one token of a window of {@code window} tokens, forward and backward. */
    public static double perToken(ModelConfig c, int window) {
        double headWidth = (double) c.heads() * c.headSize();
        double kvWidth = (double) c.kvHeads() * c.headSize();
        double attention = c.hidden() * (2 * headWidth + 2 * kvWidth);
        double block = (c.feedForward().gated() ? 3.0 : 2.0) * c.hidden() * c.intermediate();
        double feedForward = c.feedForward().experts().map(e -> (double) e.count() * c.hidden() + e.perToken() * block).orElse(block);
        double weights = c.layers() * (attention + feedForward) + (double) c.vocabulary() * c.hidden();
        return 6 * weights + 12.0 * c.layers() * window * headWidth;
    }
}
