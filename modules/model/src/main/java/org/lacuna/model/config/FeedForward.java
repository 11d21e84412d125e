package org.lacuna.model.config;

import java.util.EnumSet;
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
 */
public record FeedForward(String activation, boolean gated, String upActivation, boolean biased, Optional<Experts> experts) {
    /** The name of the activation that does nothing. */
    public static final String IDENTITY = "identity";

    /** A gated block: {@code silu} makes SwiGLU, {@code relu} ReGLU. */
    public static FeedForward gated(String activation) {
        return new FeedForward(activation, true, IDENTITY, false, Optional.empty());
    }

    /** A block without a gate. */
    public static FeedForward ungated(String activation) {
        return new FeedForward(activation, false, IDENTITY, false, Optional.empty());
    }

    /** ReLU on both gate and up (Song et al. 2024, "Turbo Sparse"). */
    public static FeedForward dRelu() {
        return new FeedForward("relu", true, "relu", false, Optional.empty());
    }

    /** The same with biases. */
    public FeedForward withBiases() {
        return new FeedForward(activation, gated, upActivation, true, experts);
    }

    /** The same for each of some experts. */
    public FeedForward withExperts(Experts some) {
        return new FeedForward(activation, gated, upActivation, biased, Optional.of(some));
    }

    /** The same with another activation. */
    public FeedForward withActivation(String other) {
        return new FeedForward(other, gated, upActivation, biased, experts);
    }

    /** The sites that the block has: all four where there is a gate, else only what goes in and what the down projection reads. */
    public Set<Site> sites() {
        return gated ? EnumSet.allOf(Site.class) : EnumSet.of(Site.INPUT, Site.INTERMEDIATE);
    }

    /** How many rows a token has at a site: one, or one for each of its experts at the sites within them. */
    public int rowsPerToken(Site site) {
        return site == Site.INPUT ? 1 : experts.map(Experts::perToken).orElse(1);
    }

    /** Whether Hugging Face's {@code LlamaForCausalLM} computes the same; dReLU and blocks without a gate are not Llama's. */
    public boolean isLlama() {
        return gated && upActivation.equals(IDENTITY) && !biased && experts.isEmpty();
    }
}
