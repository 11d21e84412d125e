package org.lacuna.training.sweep;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A candidate.
 *
 * @param index  counted from 0
 * @param values the keys that it changes in the recipe, each with its value as text
 */
record Proposal(int index, Map<String, String> values) {
    /** What its folder is called. */
    String name() {
        return name(index);
    }

    static String name(int index) {
        return String.format(Locale.ROOT, "%03d", index);
    }

    /** The changes as {@code --set} takes them. */
    List<String> sets() {
        return values.entrySet().stream().map(value -> value.getKey() + "=" + value.getValue()).toList();
    }

    /** The changes in a line, without the names of the keys' groups. */
    static String text(Map<String, String> values) {
        return values.entrySet().stream().map(value -> value.getKey().substring(value.getKey().lastIndexOf('.') + 1) + " " + value.getValue())
                .collect(Collectors.joining(", "));
    }
}
