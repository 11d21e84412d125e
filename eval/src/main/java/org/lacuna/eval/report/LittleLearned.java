package org.lacuna.eval.report;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.measure.Baseline;
import org.lacuna.eval.measure.Baselines;
import org.lacuna.eval.robustness.RobustnessResult;

/**
 * Models that predict worse than a trigram model, or where there is none to hold them against, than equal odds for all tokens: an untrained one may come first by
 * critical sparsity, since it has little to lose.
 *
 * @param models their places in the comparison
 * @param note   what the mark beside their names means; empty if there are none
 */
public record LittleLearned(Set<Integer> models, Optional<String> note) {
    /** Copies the set. */
    public LittleLearned {
        models = Set.copyOf(models);
    }

    /**
     * Looks at each model's dense loss.
     *
     * @param baselines of the windows of the comparison's first model
     */
    public static LittleLearned of(Comparison comparison, List<Baseline> baselines) {
        List<RobustnessResult> results = comparison.models();
        Optional<Baseline> trigram = baselines.stream().filter(baseline -> baseline.name().equals(Baselines.TRIGRAM) && baseline.loss().isPresent()).findFirst();
        IntPredicate held = i -> trigram.isPresent() && results.get(i).data().windowsSha256().equals(results.get(0).data().windowsSha256());
        Set<Integer> poor = IntStream.range(0, results.size()).filter(i -> results.get(i).model().readsTokens()
                && results.get(i).dense().loss() > (held.test(i) ? trigram.orElseThrow().loss().getAsDouble() : Math.log(results.get(i).model().vocabulary()))).boxed().collect(Collectors.toSet());
        String than = String.join(", or ", poor.stream().map(i -> held.test(i) ? String.format(Locale.ROOT, "a trigram model's %.4f on the same tokens", trigram.orElseThrow().loss().getAsDouble())
                : "that of equal odds for all tokens").distinct().sorted().toList());
        return new LittleLearned(poor, poor.isEmpty() ? Optional.empty() : Optional.of("* " + poor.stream().sorted().map(comparison.labels()::get).collect(Collectors.joining(", ")) + ": loss above " + than + ": such a model has learned little, and that much can be left out of it says little."));
    }

    /** What stands behind a model's name. */
    public String mark(int model) {
        return models.contains(model) ? " *" : "";
    }
}
