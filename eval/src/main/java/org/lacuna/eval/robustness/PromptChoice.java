package org.lacuna.eval.robustness;

import java.nio.FloatBuffer;

/** Chooses how one text is sparsified by its prompt's intermediate vectors in the model without a rule. Used once, by one thread. */
public interface PromptChoice {
    /** Says what is chosen by, as part of what a measurement is kept under. */
    String key();

    /**
     * Is shown a token's vector in a layer.
     *
     * @param values of several tokens
     * @param from   where the token's begins
     * @param n      its elements
     * @throws org.lacuna.run.RunException if one is not finite
     */
    void see(int layer, FloatBuffer values, int from, int n);

    /** The text's treatment, in all layers: of the points of the one that gave this choice, with a row of channels for each. */
    Treatment chosen();
}
