package org.lacuna.graph.activation;

import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/** All activations there are. A new one is one file beside this one and one line in {@link #ALL}; {@link #fatRelu} is made for a layer. */
public final class Activations {
    private static final List<Activation> ALL = List.of(new Activation[] {
        new Identity(),
        new Relu(),
        new ReluSquared(),
        new Silu(),
        new Gelu(),
        new GeluTanh(),
    });

    private Activations() {}

    /** All activations, by rising code. */
    public static List<Activation> all() {
        return ALL;
    }

    /**
     * ReLU that lets nothing below a threshold pass: f(z) = z if z ≥ t, else 0 (ProSparse, arXiv 2402.13516).
     *
     * @param threshold t, as a 32-bit number; where that is 0, this is ReLU
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public static Activation fatRelu(double threshold) {
        return (float) threshold == 0 ? byName("relu") : new FatRelu((float) threshold);
    }

    /**
     * The activation that a graph carries.
     *
     * @param parameter its own, if it has one
     * @throws IllegalArgumentException if there is none
     */
    public static Activation carried(int code, OptionalDouble parameter) {
        return code == FatRelu.CODE && parameter.isPresent() ? fatRelu(parameter.getAsDouble()) : byCode(code);
    }

    /**
     * The activation of that name or alias.
     *
     * @throws IllegalArgumentException if there is none; the message lists the names
     */
    public static Activation byName(String name) {
        for (Activation f : ALL) {
            if (f.name().equals(name) || f.aliases().contains(name)) {
                return f;
            }
        }
        throw new IllegalArgumentException("no activation '" + name + "'; there are "
                + ALL.stream().map(Activation::name).collect(Collectors.joining(", ")));
    }

    /**
     * The activation of that code.
     *
     * @throws IllegalArgumentException if there is none; the message lists the codes
     */
    public static Activation byCode(int code) {
        for (Activation f : ALL) {
            if (f.code() == code) {
                return f;
            }
        }
        throw new IllegalArgumentException("no activation with code " + code + "; there are "
                + ALL.stream().map(f -> f.code() + " (" + f.name() + ")").collect(Collectors.joining(", ")));
    }
}
