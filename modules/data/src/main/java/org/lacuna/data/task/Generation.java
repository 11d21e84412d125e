package org.lacuna.data.task;

import java.util.List;
import org.lacuna.run.recipe.Key;

/**
 * How a text is generated; always greedily.
 *
 * @param until        texts that end it, which are not part of it
 * @param max_gen_toks most tokens of it (named as lm-evaluation-harness does)
 */
public record Generation(
        @Key(single = true, doc = "texts that end what is generated") List<String> until,
        @Key(def = "256", min = 1, max = 65536, doc = "most tokens that are generated") int max_gen_toks) {

    private static final int MOST = 16;

    /** Checks that no text to stop at is empty. */
    public Generation {
        until = List.copyOf(until);
        if (until.isEmpty() || until.size() > MOST || until.stream().anyMatch(String::isEmpty)) {
            throw new IllegalArgumentException("until: expected 1 to " + MOST + " texts, none of them empty");
        }
    }

    /** What stands before the first text that ends it. */
    String cut(String text) {
        String cut = text;
        for (String stop : until) {
            int at = cut.indexOf(stop);
            cut = at < 0 ? cut : cut.substring(0, at);
        }
        return cut;
    }
}
