package org.lacuna.model.config;

import java.util.List;
import java.util.Optional;

/**
 * The form of a layer's attention.
 *
 * @param inputBiases whether the projections of queries, keys and values have biases
 * @param outputBias whether the output projection has one
 * @param headNorm which RMS norm queries and keys go through before they turn
 * @param scale what scores are multiplied by: 1 / √headSize in most models
 * @param sliding where some layers see a part of the text only
 */
public record AttentionForm(boolean inputBiases, boolean outputBias, HeadNorm headNorm, double scale, Optional<Sliding> sliding) {

    /** Norms of queries and keys. */
    public enum HeadNorm {
        /** None. */
        NONE,
        /** Of each head, by weights [headSize] (Qwen3, Gemma 3). */
        EACH,
        /** Of all heads together, by weights [heads · headSize] and [kvHeads · headSize] (OLMoE). */
        ALL
    }

    /**
     * Layers that see a window of the text.
     *
     * @param window how many positions a position sees, itself among them
     * @param layers which layers, by rising number
     * @param rotary how positions turn in them, where it differs from the other layers
     */
    public record Sliding(int window, List<Integer> layers, Optional<RotaryPosition> rotary) {}

    /** Llama's: no biases, no norms, all layers see the whole text. */
    public static AttentionForm plain(int headSize) {
        return new AttentionForm(false, false, HeadNorm.NONE, 1 / Math.sqrt(headSize), Optional.empty());
    }

    /** The window of a layer, if it has one. */
    public Optional<Sliding> sliding(int layer) {
        return sliding.filter(s -> s.layers().contains(layer));
    }
}
