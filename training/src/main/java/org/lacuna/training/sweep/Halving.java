package org.lacuna.training.sweep;

import java.util.ArrayList;
import java.util.List;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;

/** Synchronous successive halving: after each rung only the best candidates go on. */
public record Halving(
        @Key(doc = "the steps after which candidates are measured and most of them end, rising, below train.steps", min = 1) List<Integer> rungs,
        @Key(doc = "one candidate in so many goes on from each rung", def = "3", above = 1) double eta) {

    /** Refuses rungs that do not rise. */
    public Halving {
        List<String> problems = new ArrayList<>();
        if (rungs.isEmpty()) {
            problems.add("rungs: none is given; expected at least one, or no halving");
        }
        for (int i = 1; i < rungs.size(); i++) {
            if (rungs.get(i) <= rungs.get(i - 1)) {
                problems.add("rungs: do not rise: " + rungs.get(i) + " comes after " + rungs.get(i - 1));
            }
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    /** How many of so many go on: at least one. */
    int survivors(int candidates) {
        return Math.max(1, (int) (candidates / eta));
    }
}
