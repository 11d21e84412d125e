package org.lacuna.eval.method;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.lacuna.sparsity.rule.Rule;
import org.lacuna.sparsity.rule.Rules;

/** All methods there are: every rule with one p for all layers, and those of {@link #OTHERS}, where a new one is one line. */
public final class Methods {
    private static final List<Method> OTHERS = List.of(
            new CalibratedThreshold(),
            new GreedyThreshold(),
            new ChannelThreshold(),
            new WeightedTopK(),
            new WeightedThreshold(),
            new CettThreshold(),
            new Griffin());

    private Methods() {
    }

    /** All methods: the rules first. */
    public static List<Method> all() {
        List<Method> all = new ArrayList<>();
        for (Rule rule : Rules.all()) {
            if (rule != Rules.byName("none")) {
                all.add(new SameEverywhere(rule));
            }
        }
        all.addAll(OTHERS);
        return all;
    }

    /**
     * The method of that name.
     *
     * @throws IllegalArgumentException if there is none; the message lists the names
     */
    public static Method byName(String name) {
        List<Method> all = all();
        return all.stream().filter(method -> method.name().equals(name)).findFirst().orElseThrow(() -> new IllegalArgumentException("no rule '" + name + "'; there are "
                + all.stream().map(Method::name).collect(Collectors.joining(", "))));
    }
}
