package org.lacuna.eval.robustness;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.lacuna.sparsity.Site;

/**
 * A rule at several sites at once, each with a p of its own: all combinations of some values for each site.
 *
 * @param values of p for each site, at least one, each once and at least 0; of at least two sites, in their order
 */
public record JointGrid(Map<Site, List<Double>> values) {
    /** As many as are measured, no more. */
    public static final int MOST_POINTS = 1000;

    private static final int FEW = 5;

    /** Copies the lists and checks them. */
    public JointGrid {
        Map<Site, List<Double>> ordered = new TreeMap<>();
        values.forEach((site, list) -> {
            if (list == null) {
                throw new IllegalArgumentException("values of " + site.key() + " must be a list, not null");
            }
            ordered.put(site, List.copyOf(list));
        });
        if (ordered.size() < 2) {
            throw new IllegalArgumentException("a joint grid has two or more sites, not " + ordered.keySet().stream().map(Site::key).toList());
        }
        ordered.forEach((site, list) -> {
            if (list.isEmpty() || new HashSet<>(list).size() < list.size() || list.stream().anyMatch(p -> !(p >= 0 && p < Double.POSITIVE_INFINITY))) {
                throw new IllegalArgumentException("values of " + site.key() + " must be 0 or more, each once, not " + list);
            }
        });
        long combinations = 1;
        for (List<Double> list : ordered.values()) {
            combinations = Math.min(Long.MAX_VALUE / MOST_POINTS, combinations) * Math.min(list.size(), MOST_POINTS);
        }
        long most = combinations + ordered.values().stream().flatMap(List::stream).distinct().filter(p -> !ordered.values().stream().allMatch(list -> list.contains(p))).count();
        if (most > MOST_POINTS) {
            throw new IllegalArgumentException(most + " combinations, those with one p for all sites among them, are more than " + MOST_POINTS + "; give fewer values or sites");
        }
        values = Collections.unmodifiableMap(ordered);
    }

    /**
     * Reads {@code input=1:0.9:0.8} for each site, or the site's name alone.
     *
     * @param parts     a site each
     * @param otherwise values of a site without any
     * @throws IllegalArgumentException if it is no joint grid; the message says what is wrong
     */
    public static JointGrid parse(List<String> parts, List<Double> otherwise) {
        Map<Site, List<Double>> values = new EnumMap<>(Site.class);
        for (String part : parts) {
            String[] sides = part.split("=", 2);
            Site site = Site.byKey(sides[0]);
            List<Double> here = sides.length == 1 ? otherwise : numbers(part, sides[1]);
            if (here.isEmpty()) {
                throw new IllegalArgumentException("the rule has no values of p of its own; name some of each site: " + site.key() + "=0:0.01:0.1");
            }
            if (values.put(site, here) != null) {
                throw new IllegalArgumentException(site.key() + " is named twice");
            }
        }
        return new JointGrid(values);
    }

    private static List<Double> numbers(String part, String text) {
        List<Double> numbers = new ArrayList<>();
        for (String number : text.split(":", -1)) {
            try {
                numbers.add(Double.valueOf(number));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("no values of p in '" + part + "'; they are numbers with colons between them: 1:0.9:0.8", e);
            }
        }
        return numbers;
    }

    /** Of a rule's own values the first, densest one and four more at even distances, the last one, which leaves nothing, not among them; all, if they are five or fewer. */
    public static List<Double> few(List<Double> grid) {
        if (grid.size() <= FEW) {
            return grid;
        }
        List<Double> few = new ArrayList<>();
        for (int i = 0; i < FEW; i++) {
            few.add(grid.get(i * (grid.size() - 1) / FEW));
        }
        return few;
    }

    /** Where the rule is applied. */
    public Set<Site> sites() {
        return values.keySet();
    }

    /** Whose operations it can save, for a sentence. */
    public String saves() {
        boolean block = sites().stream().anyMatch(site -> !site.inAttention());
        boolean attention = sites().stream().anyMatch(Site::inAttention);
        return (block ? "the feed-forward blocks" : "") + (block && attention ? " and " : "") + (attention ? "attention's projections" : "");
    }

    /** Every p that a site has at some point, in the order of {@link #points}. */
    public List<Double> measured(Site site) {
        return points().stream().map(point -> point.get(site)).distinct().toList();
    }

    /**
     * Every combination, the first site's value changing least often; behind them each value at all sites that is not one of them, so that a joint choice
     * can be held against one p for all.
     */
    public List<Map<Site, Double>> points() {
        List<Map<Site, Double>> combinations = List.of(Map.of());
        for (Map.Entry<Site, List<Double>> site : values.entrySet()) {
            List<Map<Site, Double>> longer = new ArrayList<>();
            for (Map<Site, Double> before : combinations) {
                for (double p : site.getValue()) {
                    Map<Site, Double> point = new TreeMap<>(before);
                    point.put(site.getKey(), p);
                    longer.add(Collections.unmodifiableMap(point));
                }
            }
            combinations = longer;
        }
        Set<Map<Site, Double>> all = new LinkedHashSet<>(combinations);
        for (double p : values.values().stream().flatMap(List::stream).distinct().toList()) {
            Map<Site, Double> point = new TreeMap<>();
            sites().forEach(site -> point.put(site, p));
            all.add(Collections.unmodifiableMap(point));
        }
        return List.copyOf(all);
    }
}
