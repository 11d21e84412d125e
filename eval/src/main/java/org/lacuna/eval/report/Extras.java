package org.lacuna.eval.report;

import java.util.List;
import java.util.Optional;
import org.lacuna.eval.activation.ModelOverlap;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.measure.Baseline;

/**
 * What a report can show beside a comparison.
 *
 * @param baselines   other predictors of the same text
 * @param repeats     comparisons of models trained by the same recipes with other seeds; a model is found again by its name
 * @param leaderboard the models sorted
 * @param overlaps    neurons that models have active together
 */
public record Extras(List<Baseline> baselines, List<Comparison> repeats, Optional<Leaderboard> leaderboard, List<ModelOverlap> overlaps) {
    /** Nothing more. */
    public static final Extras NONE = new Extras(List.of(), List.of());

    /** Copies the lists. */
    public Extras {
        baselines = List.copyOf(baselines);
        repeats = List.copyOf(repeats);
        overlaps = List.copyOf(overlaps);
    }

    /** Neither sorted nor looked into. */
    public Extras(List<Baseline> baselines, List<Comparison> repeats) {
        this(baselines, repeats, Optional.empty(), List.of());
    }
}
