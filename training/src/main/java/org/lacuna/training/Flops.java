package org.lacuna.training;

import java.util.List;
import org.lacuna.graph.TensorSpec;
import org.lacuna.model.Tuning;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderParameters;

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

    /** The same where a part is trained: frozen weights have no gradient, which is 2 less for each, and those of adapters take 6 each. */
    public static double perToken(ModelConfig c, Tuning tuning, int window) {
        double frozen = DecoderParameters.of(c).stream().filter(spec -> !tuning.trains(spec.name())).mapToDouble(spec -> multiplied(c, spec)).sum();
        List<TensorSpec> adapters = tuning.adapters().parameters(c);
        return perToken(c, window) - 2 * frozen + 6.0 * adapters.stream().mapToLong(TensorSpec::length).sum();
    }

    /** How many of a parameter's numbers a token is multiplied with. */
    private static double multiplied(ModelConfig c, TensorSpec spec) {
        boolean lookedUp = spec.name().equals(DecoderParameters.EMBEDDING) && !c.tied() || spec.name().equals(DecoderParameters.POSITIONS);
        if (spec.shape().length < 2 || lookedUp) {
            return 0;
        }
        double share = spec.shape().length == 3 ? c.feedForward().experts().map(e -> (double) e.perToken() / e.count()).orElseThrow() : 1;
        return share * spec.length();
    }
}
