package org.lacuna.graph.activation;

import java.util.List;
import java.util.stream.Collectors;

/** All activations there are. A new one is one file beside this one and one line in {@link #ALL}. */
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
