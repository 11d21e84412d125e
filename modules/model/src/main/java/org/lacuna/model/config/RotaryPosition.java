package org.lacuna.model.config;

import java.util.Optional;
import org.lacuna.graph.op.RotaryFrequencies;

/**
 * How positions turn queries and keys.
 *
 * @param theta the base, {@code rope_theta}
 * @param llama3 Llama 3.1's scaling to longer texts, where the model has it
 */
public record RotaryPosition(double theta, Optional<Llama3> llama3) {

    /**
     * Llama 3.1's scaling; formula and source at {@link RotaryFrequencies#llama3}.
     *
     * @param originalLength positions that the model was trained on before it was stretched
     */
    public record Llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalLength) {}

    /** Without scaling. */
    public static RotaryPosition plain(double theta) {
        return new RotaryPosition(theta, Optional.empty());
    }

    /** The inverse frequencies for heads of {@code headSize}: headSize / 2 numbers, radians per position. */
    public double[] frequencies(int headSize) {
        double[] plain = RotaryFrequencies.plain(headSize, theta);
        return llama3.map(s -> RotaryFrequencies.llama3(plain, s.factor, s.lowFrequencyFactor, s.highFrequencyFactor, s.originalLength)).orElse(plain);
    }
}
