package org.lacuna.model.config;

import java.util.Optional;
import org.lacuna.graph.op.RotaryFrequencies;

/**
 * How positions turn queries and keys.
 *
 * @param theta the base, {@code rope_theta}
 * @param fraction of each head's elements that turn, {@code partial_rotary_factor}: 1 in most models
 * @param scaling to longer texts, where the model has it
 */
public record RotaryPosition(double theta, double fraction, Optional<Scaling> scaling) implements Position {

    /** A change of the frequencies. */
    public sealed interface Scaling permits Linear, Llama3 {
        double[] apply(double[] frequencies);
    }

    /**
     * Positions divided by a factor (Chen et al. 2023, "Extending Context Window of Large Language Models via Positional
     * Interpolation").
     */
    public record Linear(double factor) implements Scaling {
        @Override
        public double[] apply(double[] frequencies) {
            double[] scaled = frequencies.clone();
            for (int i = 0; i < scaled.length; i++) {
                scaled[i] /= factor;
            }
            return scaled;
        }
    }

    /**
     * Llama 3.1's scaling; formula and source at {@link RotaryFrequencies#llama3}.
     *
     * @param originalLength positions that the model was trained on before it was stretched
     */
    public record Llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalLength) implements Scaling {
        @Override
        public double[] apply(double[] frequencies) {
            return RotaryFrequencies.llama3(frequencies, factor, lowFrequencyFactor, highFrequencyFactor, originalLength);
        }
    }

    /** Whole heads, without scaling. */
    public static RotaryPosition plain(double theta) {
        return new RotaryPosition(theta, 1, Optional.empty());
    }

    /** Whole heads, with scaling. */
    public static RotaryPosition scaled(double theta, Scaling scaling) {
        return new RotaryPosition(theta, 1, Optional.of(scaling));
    }

    /** How many of a head's {@code headSize} elements turn. */
    public int turned(int headSize) {
        return (int) (headSize * fraction);
    }

    /** The inverse frequencies for heads of {@code headSize}: half as many numbers as elements turn, radians per position. */
    public double[] frequencies(int headSize) {
        double[] plain = RotaryFrequencies.plain(turned(headSize), theta);
        return scaling.map(s -> s.apply(plain)).orElse(plain);
    }
}
