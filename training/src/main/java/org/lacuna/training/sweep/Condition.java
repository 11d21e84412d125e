package org.lacuna.training.sweep;

import java.util.List;
import java.util.Map;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Key;

/** When a key is searched at all; a candidate for which it does not hold has the recipe's own value. */
public record Condition(
        @Key(doc = "a key that stands before this one in space") String key,
        @Key(doc = "the values of it that this one is searched for") List<String> in) {

    /** Refuses what never holds. */
    public Condition {
        if (in.isEmpty()) {
            throw new InputException("in: names no value, so the key would never be searched; expected at least one");
        }
    }

    /** Whether it holds for a candidate. */
    boolean holds(Map<String, String> values) {
        return values.containsKey(key) && in.contains(values.get(key));
    }
}
