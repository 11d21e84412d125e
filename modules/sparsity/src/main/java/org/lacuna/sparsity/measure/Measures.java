package org.lacuna.sparsity.measure;

import java.util.List;
import java.util.stream.Collectors;

/** All measures there are. A new measure is one file beside this one and one line in {@link #ALL}. */
public final class Measures {
    private static final List<Measure> ALL = List.of(
            new ExactZeros(),
            new NearZeros(),
            new Gini(),
            new Hoyer(),
            new SquareHoyer(),
            new ParticipationRatio(),
            new Kurtosis());

    private Measures() {
    }

    /** All measures, in the order in which reports name them. */
    public static List<Measure> all() {
        return ALL;
    }

    /**
     * The measure of that name.
     *
     * @throws IllegalArgumentException if there is none; the message lists the names
     */
    public static Measure byName(String name) {
        for (Measure measure : ALL) {
            if (measure.name().equals(name)) {
                return measure;
            }
        }
        throw new IllegalArgumentException("no measure '" + name + "'; there are "
                + ALL.stream().map(Measure::name).collect(Collectors.joining(", ")));
    }
}
