package org.lacuna.graph.penalty;

import java.util.List;
import java.util.stream.Collectors;

/** All penalties there are. A new one is one file beside this one and one line in {@link #ALL}. */
public final class Penalties {
    private static final List<Penalty> ALL = List.of(new Penalty[] {
        new L1(),
        new L1Mean(),
        new HoyerSquare(),
        new Displacement(),
        new Locality(),
        new Chunk(),
    });

    private Penalties() {}

    /** All penalties, by rising code. */
    public static List<Penalty> all() {
        return ALL;
    }

    /**
     * The penalty of that name.
     *
     * @throws IllegalArgumentException if there is none; the message lists the names
     */
    public static Penalty byName(String name) {
        for (Penalty p : ALL) {
            if (p.name().equals(name)) {
                return p;
            }
        }
        throw new IllegalArgumentException("no penalty '" + name + "'; there are "
                + ALL.stream().map(Penalty::name).collect(Collectors.joining(", ")));
    }

    /**
     * The penalty of that code.
     *
     * @throws IllegalArgumentException if there is none; the message lists the codes
     */
    public static Penalty byCode(int code) {
        for (Penalty p : ALL) {
            if (p.code() == code) {
                return p;
            }
        }
        throw new IllegalArgumentException("no penalty with code " + code + "; there are "
                + ALL.stream().map(p -> p.code() + " (" + p.name() + ")").collect(Collectors.joining(", ")));
    }
}
