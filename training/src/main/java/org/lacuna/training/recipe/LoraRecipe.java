package org.lacuna.training.recipe;

import java.util.List;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;

/** Adapters of low rank beside a checkpoint's weights, which alone are trained: y = W x + alpha / rank · B (A x). */
public record LoraRecipe(
        @Key(doc = "rank of A and B", def = "8", min = 1, max = 1 << 16) int rank,
        @Key(doc = "the adapters' part is multiplied by alpha / rank", def = "16", above = 0, max = 1e6) double alpha,
        @Key(doc = "the linear layers that get one: whole names with * for anything, or their ends") List<String> targets) {

    /** Refuses adapters of nothing. */
    public LoraRecipe {
        if (targets.isEmpty()) {
            throw new InputException("targets: is empty; expected linear layers, [q_proj, v_proj] for example");
        }
    }
}
