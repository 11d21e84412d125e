package org.lacuna.training;

import java.util.List;
import java.util.Locale;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.recipe.Objective;

/** Objectives for tests. */
final class Objectives {
    private Objectives() {}

    /** An L1 penalty on the intermediate vector. */
    static Objective l1(double lambda) {
        return of(String.format(Locale.ROOT, "penalties: [{kind: l1, lambda: %s}]", lambda));
    }

    static Objective of(String yaml) {
        return Recipes.parse("objective", yaml, List.of(), Objective.class);
    }
}
