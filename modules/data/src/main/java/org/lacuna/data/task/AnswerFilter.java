package org.lacuna.data.task;

import java.util.List;
import java.util.Optional;
import org.lacuna.run.recipe.Key;

/**
 * What of a generated text is taken for the answer, as lm-evaluation-harness' filters {@code regex}, with its fallback {@code [invalid]}, and
 * {@code remove_whitespace}.
 *
 * @param regex        if given, the answer is what it finds: its group if it has one, of several groups the first that took part; stripped
 * @param group_select which of the matches, from 0, or from −1 backwards
 * @param strip        whether white space around the answer is dropped
 */
record AnswerFilter(
        @Key(doc = "finds the answer in what was generated") Optional<String> regex,
        @Key(def = "0", min = -1000, max = 1000, doc = "which match, -1 for the last") int group_select,
        @Key(def = "false", doc = "drops white space around the answer") boolean strip) {

    private static final String NOTHING = "[invalid]";

    AnswerFilter {
        regex.ifPresent(expression -> new Regex("regex", expression));
    }

    String apply(String text) {
        String answer = regex.map(expression -> found(new Regex("regex", expression).all(text))).orElse(text);
        return strip ? Space.strip(answer) : answer;
    }

    private String found(List<List<String>> matches) {
        int index = group_select < 0 ? matches.size() + group_select : group_select;
        if (index < 0 || index >= matches.size()) {
            return NOTHING;
        }
        List<String> groups = matches.get(index);
        String found = groups.size() == 1 ? groups.get(0) : groups.stream().filter(group -> !group.isEmpty()).findFirst().orElse(NOTHING);
        return Space.strip(found);
    }
}
