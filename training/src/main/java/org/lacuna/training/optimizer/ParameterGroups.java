package org.lacuna.training.optimizer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lacuna.graph.FlatMath;
import org.lacuna.graph.ParameterStore;
import org.lacuna.run.InputException;

/** Which learning rate and decay each parameter has: those of the first group that it belongs to. */
public final class ParameterGroups {
    private static final String KEY = "train.groups";
    private static final int SHOWN = 12;

    private ParameterGroups() {}

    /**
     * Each trainable parameter's group. One that belongs to none has the step's learning rate and, from two dimensions on, {@code weightDecay}.
     *
     * @throws InputException if a group has no parameter
     */
    public static Map<String, FlatMath.AdamWGroup> of(ParameterStore store, List<ParameterGroup> groups, double weightDecay) {
        Map<String, FlatMath.AdamWGroup> result = new LinkedHashMap<>();
        List<ParameterGroup> unused = new ArrayList<>(groups);
        for (String name : store.names()) {
            double own = store.spec(name).shape().length < 2 ? 0 : weightDecay;
            Optional<ParameterGroup> group = groups.stream().filter(g -> g.matches(name)).findFirst();
            group.ifPresent(unused::remove);
            result.put(name, group.map(g -> new FlatMath.AdamWGroup(g.lr(), g.weightDecay().orElse(own))).orElse(new FlatMath.AdamWGroup(1, own)));
        }
        List<String> problems = unused.stream().map(group -> problem(group, store.names())).toList();
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        return result;
    }

    private static String problem(ParameterGroup group, List<String> names) {
        String pattern = KEY + ": the pattern \"" + group.pattern() + "\"";
        if (names.stream().anyMatch(group::matches)) {
            return pattern + " gets no parameter, since the groups before it have all that it matches; the first that matches counts, so put it before them";
        }
        return pattern + " matches no parameter that is trained; they are called " + String.join(", ", names.subList(0, Math.min(SHOWN, names.size())))
                + (names.size() > SHOWN ? " and " + (names.size() - SHOWN) + " more" : "");
    }
}
