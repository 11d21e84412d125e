package org.lacuna.data.task;

import java.util.List;
import java.util.Locale;
import org.lacuna.run.recipe.Key;

/**
 * What a generated answer and the right one may differ in; both are changed alike and then compared. The settings of lm-evaluation-harness'
 * {@code exact_match}.
 *
 * @param regexes_to_ignore  what they match is dropped, one after the other, first of all
 * @param ignore_case        whether letters are made small
 * @param ignore_punctuation whether ASCII punctuation is dropped
 */
record ExactMatch(
        @Key(def = "[]", single = true, doc = "regular expressions; what they match is dropped") List<String> regexes_to_ignore,
        @Key(def = "false") boolean ignore_case,
        @Key(def = "false") boolean ignore_punctuation) {

    private static final int MOST = 32;

    ExactMatch {
        regexes_to_ignore = List.copyOf(regexes_to_ignore);
        if (regexes_to_ignore.size() > MOST) {
            throw new IllegalArgumentException("regexes_to_ignore: expected at most " + MOST);
        }
        regexes_to_ignore.forEach(expression -> new Regex("regexes_to_ignore", expression));
    }

    boolean same(String answer, List<String> any) {
        String wanted = plain(answer);
        return any.stream().anyMatch(right -> plain(right).equals(wanted));
    }

    private String plain(String text) {
        String plain = text;
        for (String expression : regexes_to_ignore) {
            plain = new Regex("regexes_to_ignore", expression).without(plain);
        }
        plain = ignore_case ? plain.toLowerCase(Locale.ROOT) : plain;
        return ignore_punctuation ? plain.replaceAll("[!-/:-@\\[-`{-~]", "") : plain;
    }
}
