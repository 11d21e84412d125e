package org.lacuna.training.recipe;

import java.util.ArrayList;
import java.util.List;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;

/** Which checkpoints stay when a later one is there: each that one of the keys asks for. No part of the result's bits. */
public record Keep(
        @Key(doc = "how many of the last checkpoints stay, 0 for all", def = "0", min = 0) int last,
        @Key(doc = "whether the one with the lowest validation loss stays too", def = "false") boolean best,
        @Key(doc = "checkpoints at multiples of so many steps stay too, 0 for none", def = "0", min = 0) int every) {

    /** All of them. */
    public static final Keep ALL = new Keep(0, false, 0);

    /** Refuses what would have no effect. */
    public Keep {
        List<String> problems = new ArrayList<>();
        if (last == 0 && best) {
            problems.add("best: is kept beside the last ones, but last = 0 keeps all; give last = 1 or more too");
        }
        if (last == 0 && every > 0) {
            problems.add("every: multiples of " + every + " steps are kept beside the last ones, but last = 0 keeps all; give last = 1 or more too");
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }
}
