package org.lacuna.model.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lacuna.graph.penalty.Penalties;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.config.FeedForwardSite;
import org.lacuna.model.graph.TrainingForm.PenaltyForm;

/** Training forms for tests. */
final class Forms {
    private Forms() {}

    /** A penalty at each site that the model has, no kind twice, with parameters that are smooth at small numbers. */
    static TrainingForm everywhere(ModelConfig config) {
        List<PenaltyForm> all = new ArrayList<>();
        all.add(form("l1", FeedForwardSite.INTERMEDIATE));
        all.add(form("hoyer_square", FeedForwardSite.INPUT));
        all.add(form("displacement", FeedForwardSite.PREACTIVATION, -0.5));
        if (config.feedForward().gated()) {
            all.add(form("l1_mean", FeedForwardSite.GATE));
            all.add(form("locality", FeedForwardSite.UP, 2));
        }
        all.add(form("chunk", FeedForwardSite.PREACTIVATION, 2, 0.5));
        return new TrainingForm(all, 0);
    }

    static PenaltyForm form(String kind, FeedForwardSite site, double... parameters) {
        double[] values = parameters.length == 0 ? Penalties.byName(kind).defaults() : parameters;
        Penalties.byName(kind).check(values);
        return new PenaltyForm(Penalties.byName(kind), Arrays.stream(values).boxed().toList(), site);
    }
}
