package org.lacuna.model.config;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lacuna.sparsity.Site;

/**
 * The form of a layer's feed-forward block:
 *
 * <pre>
 * gated:    down( act(gate(x)) ⊙ upAct(up(x)) )     SwiGLU, ReGLU, GEGLU, …; dReLU where both are ReLU
 * ungated:  down( act(up(x)) )
 * </pre>
 *
 * @param activation act, by its name among {@code org.lacuna.graph.activation.Activations}
 * @param gated whether there is a gate
 * @param upActivation upAct; {@code identity} in most models and wherever there is no gate
 * @param biased whether the projections have biases
 * @param experts where each expert is such a block
 * @param thresholds where act is ReLU: below which it lets nothing pass, a threshold a layer, 0 for plain ReLU (FATReLU; ProSparse, arXiv
 *     2402.13516); empty for plain ReLU in all layers and for every other activation
 * @param masks what is set to 0 at which sites, one a site at most; none in most models
 */
public record FeedForward(String activation, boolean gated, String upActivation, boolean biased, Optional<Experts> experts, List<Double> thresholds,
        List<Mask> masks) {
    /** The name of the activation that does nothing. */
    public static final String IDENTITY = "identity";
    /** The only activation that can have thresholds. */
    public static final String RELU = "relu";

    /** The lists don't change. */
    public FeedForward {
        thresholds = List.copyOf(thresholds);
        masks = List.copyOf(masks);
    }

    /** A gated block: {@code silu} makes SwiGLU, {@code relu} ReGLU. */
    public static FeedForward gated(String activation) {
        return new FeedForward(activation, true, IDENTITY, false, Optional.empty(), List.of(), List.of());
    }

    /** A block without a gate. */
    public static FeedForward ungated(String activation) {
        return new FeedForward(activation, false, IDENTITY, false, Optional.empty(), List.of(), List.of());
    }

    /** ReLU on both gate and up (Song et al. 2024, "Turbo Sparse"). */
    public static FeedForward dRelu() {
        return new FeedForward(RELU, true, RELU, false, Optional.empty(), List.of(), List.of());
    }

    /** The same with biases. */
    public FeedForward withBiases() {
        return new FeedForward(activation, gated, upActivation, true, experts, thresholds, masks);
    }

    /** The same for each of some experts. */
    public FeedForward withExperts(Experts some) {
        return new FeedForward(activation, gated, upActivation, biased, Optional.of(some), thresholds, masks);
    }

    /** The same with another activation. */
    public FeedForward withActivation(String other) {
        return new FeedForward(other, gated, upActivation, biased, experts, thresholds, masks);
    }

    /** The same with other thresholds. */
    public FeedForward withThresholds(List<Double> others) {
        return new FeedForward(activation, gated, upActivation, biased, experts, others, masks);
    }

    /** The same with other masks. */
    public FeedForward withMasks(List<Mask> others) {
        return new FeedForward(activation, gated, upActivation, biased, experts, thresholds, others);
    }

    /** The mask at a site, if there is one. */
    public Optional<Mask> mask(FeedForwardSite site) {
        return masks.stream().filter(mask -> mask.site() == site).findFirst();
    }

    /** A layer's threshold; 0 where there is none. */
    public double threshold(int layer) {
        return thresholds.isEmpty() ? 0 : thresholds.get(layer);
    }

    /** The sites that the block has: all four where there is a gate, else only what goes in and what the down projection reads. */
    public Set<Site> sites() {
        return gated ? EnumSet.of(Site.INPUT, Site.UP, Site.GATE, Site.INTERMEDIATE) : EnumSet.of(Site.INPUT, Site.INTERMEDIATE);
    }

    /** How many rows a token has at a site: one, or one for each of its experts at the sites within them. */
    public int rowsPerToken(Site site) {
        return site == Site.INPUT || site.inAttention() ? 1 : experts.map(Experts::perToken).orElse(1);
    }

    /** Whether Hugging Face's {@code LlamaForCausalLM} computes the same; dReLU, blocks without a gate, thresholds and masks are not Llama's. */
    public boolean isLlama() {
        return gated && upActivation.equals(IDENTITY) && !biased && experts.isEmpty() && thresholds.isEmpty() && masks.isEmpty();
    }
}
