package org.lacuna.eval.compare;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.lacuna.eval.robustness.RobustnessResult;

/** What compared models are called: their names, told apart where several have one by what differs. */
final class Labels {
    /** What may differ, what a reader looks for first in front; {@code null} where it is not known. */
    private static final List<Function<RobustnessResult, String>> FACETS = List.of(
            result -> result.model().seed().isPresent() ? "seed " + result.model().seed().getAsLong() : null,
            result -> result.settings().rule(),
            result -> "layers " + result.settings().layers(),
            result -> "coverage " + result.settings().coverage(),
            result -> result.curves().stream().map(curve -> curve.sites().key()).collect(Collectors.joining(", ")),
            result -> run(result.model().checkpoint()),
            result -> result.model().step().isPresent() ? "step " + result.model().step().getAsLong() : null,
            result -> result.data().windows() + " windows of " + result.data().windowLength(),
            result -> result.data().name(),
            result -> "bar " + result.settings().bar());

    private Labels() {
    }

    static List<String> of(List<RobustnessResult> models) {
        Map<String, List<Integer>> named = new LinkedHashMap<>();
        IntStream.range(0, models.size()).forEach(i -> named.computeIfAbsent(models.get(i).model().name(), name -> new ArrayList<>()).add(i));
        String[] labels = new String[models.size()];
        named.forEach((name, places) -> {
            List<String> apart = apart(places.stream().map(models::get).toList());
            IntStream.range(0, places.size()).forEach(i -> labels[places.get(i)] = apart.get(i).isEmpty() ? name : name + " (" + apart.get(i) + ")");
        });
        Map<String, Integer> used = new HashMap<>();
        return List.of(labels).stream().map(label -> used.merge(label, 1, Integer::sum) > 1 ? label + " #" + used.get(label) : label).toList();
    }

    /** For each of some results of one name the first facets by which all can be told apart; what no facet tells stays alike. */
    private static List<String> apart(List<RobustnessResult> alike) {
        List<String> apart = new ArrayList<>(Collections.nCopies(alike.size(), ""));
        for (Function<RobustnessResult, String> facet : FACETS) {
            List<String> values = shortened(alike.stream().map(facet).toList());
            if (new HashSet<>(apart).size() < apart.size() && new HashSet<>(values).size() > 1) {
                for (int i = 0; i < values.size(); i++) {
                    if (values.get(i) != null) {
                        apart.set(i, apart.get(i).isEmpty() ? values.get(i) : apart.get(i) + ", " + values.get(i));
                    }
                }
            }
        }
        return apart;
    }

    /** Without the folders that they all begin with. */
    private static List<String> shortened(List<String> values) {
        List<String> left = values;
        while (left.stream().allMatch(value -> value != null && value.indexOf('/') >= 0) && left.stream().map(value -> value.substring(0, value.indexOf('/'))).distinct().count() == 1) {
            left = left.stream().map(value -> value.substring(value.indexOf('/') + 1)).toList();
        }
        return left;
    }

    /** A run's folder of its checkpoint's, else the latter. */
    private static String run(String checkpoint) {
        return checkpoint.replaceFirst("/checkpoints/[^/]+$", "");
    }
}
