package org.lacuna.eval.method;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.lacuna.eval.robustness.JointGrid;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.sparsity.Site;
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

    /**
     * What a method comes to for a model at several sites at once, each with a p of its own: at each site what it comes to there alone. A method that divides
     * something among sites divides nothing among these.
     *
     * @throws org.lacuna.run.InterruptedRunException if it was asked to stop
     * @throws org.lacuna.run.RunException if what flows through the model is not finite
     */
    public static Treatment joint(Method method, JointGrid grid, Look look) {
        Map<Site, Treatment> sites = new EnumMap<>(Site.class);
        for (Site site : grid.sites()) {
            List<Treatment> treatments = method.treatments(grid.measured(site), Set.of(site), look);
            if (treatments.size() != 1) {
                throw new IllegalArgumentException("rule " + method.name() + " has several treatments for its values of p");
            }
            sites.put(site, treatments.get(0));
        }
        return Treatment.Joint.of(grid, sites);
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
