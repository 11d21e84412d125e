package org.lacuna.eval.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.lacuna.eval.compare.Comparison;
import org.lacuna.eval.compare.Comparison.Difference;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.RobustnessResult;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.sparsity.critical.Estimator;

/**
 * What several training seeds of the same recipes gave, each by itself.
 *
 * @param models      models of which there is more than one seed, seed by seed
 * @param differences differences between models that were compared more than once
 */
record SeedFigures(List<SeedModel> models, List<SeedDifference> differences) {

    /**
     * One seed's model.
     *
     * @param name     the recipe's
     * @param seed     of the fresh weights
     * @param loss     of the dense run, nats a token
     * @param critical at the headline's sites by {@link Estimator#LINEAR}, if measured
     */
    record SeedModel(String name, OptionalLong seed, double loss, Optional<Estimate> critical) {
    }

    /**
     * One comparison's difference at the headline's sites by {@link Estimator#LINEAR}.
     *
     * @param name        the one recipe's
     * @param seed        its seed
     * @param against     the other recipe's
     * @param againstSeed its seed
     * @param difference  of critical sparsity
     */
    record SeedDifference(String name, OptionalLong seed, String against, OptionalLong againstSeed, Difference difference) {
    }

    static SeedFigures of(Comparison first, List<Comparison> repeats, SiteSet headline) {
        List<Comparison> all = Stream.concat(Stream.of(first), repeats.stream()).toList();
        Map<String, List<SeedModel>> models = new LinkedHashMap<>();
        Map<List<String>, List<SeedDifference>> differences = new LinkedHashMap<>();
        for (Comparison comparison : all) {
            for (RobustnessResult result : comparison.models()) {
                ModelSummary model = result.model();
                models.computeIfAbsent(model.name(), name -> new ArrayList<>()).add(new SeedModel(model.name(), model.seed(),
                        result.dense().loss(), result.curve(headline).map(curve -> curve.critical(Estimator.LINEAR))));
            }
            for (Difference difference : Summary.main(comparison, headline)) {
                ModelSummary model = comparison.models().get(difference.model()).model();
                ModelSummary against = comparison.models().get(difference.against()).model();
                differences.computeIfAbsent(List.of(model.name(), against.name()), names -> new ArrayList<>())
                        .add(new SeedDifference(model.name(), model.seed(), against.name(), against.seed(), difference));
            }
        }
        return new SeedFigures(severalSeeds(models),
                repeats.isEmpty() ? List.of() : differences.values().stream().filter(list -> list.size() > 1).flatMap(List::stream).toList());
    }

    /**
     * How far the differences of several seeds lie apart, and of how many seeds there is no plain one; empty if there is but one seed. A bound is
     * not a value: it has no place in a range.
     */
    String text() {
        Map<List<String>, List<Difference>> values = new LinkedHashMap<>();
        for (SeedDifference difference : differences) {
            values.computeIfAbsent(List.of(difference.name(), difference.against()), names -> new ArrayList<>()).add(difference.difference());
        }
        StringBuilder text = new StringBuilder();
        values.forEach((names, list) -> text.append(" Trained anew with ").append(list.size()).append(" seeds, the difference between “")
                .append(names.get(0)).append("” and “").append(names.get(1)).append("” ").append(range(list)).append('.'));
        return text.toString();
    }

    private static String range(List<Difference> seeds) {
        double[] known = seeds.stream().filter(seed -> seed.kind() == Difference.Kind.AT).mapToDouble(Difference::difference).sorted().toArray();
        long none = seeds.stream().filter(seed -> seed.kind() == Difference.Kind.NONE).count();
        long bounds = seeds.size() - known.length - none;
        List<String> unknown = new ArrayList<>();
        if (bounds > 0) {
            unknown.add(bounds + " gave only a bound");
        }
        if (none > 0) {
            unknown.add(none + " gave no level");
        }
        String range = switch (known.length) {
            case 0 -> "is known for none of them";
            case 1 -> "was " + Shown.points(known[0]) + " points";
            default -> "lay from " + Shown.points(known[0]) + " to " + Shown.points(known[known.length - 1]) + " points";
        };
        String some = known.length > 0 && !unknown.isEmpty() ? " in " + known.length + " of them" : "";
        return range + some + (unknown.isEmpty() ? "" : " (" + String.join(", ", unknown) + ")");
    }

    private static List<SeedModel> severalSeeds(Map<String, List<SeedModel>> models) {
        return models.values().stream()
                .filter(list -> list.stream().map(SeedModel::seed).filter(OptionalLong::isPresent).distinct().count() > 1)
                .flatMap(List::stream).toList();
    }
}
