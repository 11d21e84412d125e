package org.lacuna.training.recipe;

import java.util.List;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;
import org.lacuna.sparsity.Site;

/**
 * What is minimised: cross-entropy + λ(step) · mean over layers and scored tokens of Σ_j |i_j|, with i the vector that
 * the down projection reads. λ rises linearly from 0 to its value over the warm-up: λ(s) = λ · min(1, s / warmup).
 */
public record Objective(
        @Key(doc = "λ, the weight of the L1 norm of the feed-forward block's intermediate vector", def = "0", min = 0, max = 1e6) double l1,
        @Key(doc = "steps over which λ rises from 0", def = "0", min = 0) int warmup,
        @Key(doc = "the site whose vector is penalised", def = "intermediate") Site site) {

    /** Checks the site. */
    public Objective {
        if (site != Site.INTERMEDIATE) {
            throw new InputException(List.of("site: the penalty is on intermediate; no other site can have it yet"));
        }
    }

    /** λ at a step, counted from 1. */
    public double lambda(long step) {
        return step >= warmup ? l1 : l1 * step / warmup;
    }
}
