package org.lacuna.model.config;

import java.util.EnumSet;
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
 */
public record FeedForward(String activation, boolean gated, String upActivation) {
    /** The name of the activation that does nothing. */
    public static final String IDENTITY = "identity";

    /** A gated block: {@code silu} makes SwiGLU, {@code relu} ReGLU. */
    public static FeedForward gated(String activation) {
        return new FeedForward(activation, true, IDENTITY);
    }

    /** A block without a gate. */
    public static FeedForward ungated(String activation) {
        return new FeedForward(activation, false, IDENTITY);
    }

    /** ReLU on both gate and up (Song et al. 2024, "Turbo Sparse"). */
    public static FeedForward dRelu() {
        return new FeedForward("relu", true, "relu");
    }

    /** The sites that the block has: all four where there is a gate, else only what goes in and what the down projection reads. */
    public Set<Site> sites() {
        return gated ? EnumSet.allOf(Site.class) : EnumSet.of(Site.INPUT, Site.INTERMEDIATE);
    }

    /** Whether Hugging Face's {@code LlamaForCausalLM} computes the same; dReLU and blocks without a gate are not Llama's. */
    public boolean isLlama() {
        return gated && upActivation.equals(IDENTITY);
    }
}
