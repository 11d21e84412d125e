package org.lacuna.eval.study;

import java.util.List;

/** All claims there are. */
public final class Relations {
    private static final List<Relation> ALL = List.of(
            new MostTolerantSite(),
            new TopPKeepsMore(),
            new TopPDegradesMoreSlowly(),
            new TaskDependence(),
            new BarsAgainstOutputError(),
            new GrowthWithSize(),
            new InducedToleratesMore(),
            new MeasuresPredict());

    private Relations() {
    }

    /** In the order of a report. */
    public static List<Relation> all() {
        return ALL;
    }
}
