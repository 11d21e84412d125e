package org.lacuna.run;

import java.util.ArrayList;
import java.util.List;

/**
 * A pattern of names, as a shell has them for files: {@code *} stands for any characters, dots too, {@code ?} for one.
 *
 * @param text the pattern
 */
public record NamePattern(String text) {
    private static final int MOST_SHOWN = 12;

    /**
     * Whether it is the pattern of the whole name. Only the last {@code *} is ever tried at another place, so that the time is at most the
     * product of both lengths: as a regular expression a dozen stars would take hours.
     */
    public boolean matches(String name) {
        int at = 0;
        int star = -1;
        int begun = 0;
        for (int i = 0; i < name.length();) {
            char wanted = at < text.length() ? text.charAt(at) : '\0';
            if (wanted == '*') {
                star = at++;
                begun = i;
            } else if (at < text.length() && (wanted == '?' || wanted == name.charAt(i))) {
                at++;
                i++;
            } else if (star >= 0) {
                at = star + 1;
                i = ++begun;
            } else {
                return false;
            }
        }
        return text.substring(at).chars().allMatch(c -> c == '*');
    }

    /**
     * The names that any of the patterns matches, in the names' order.
     *
     * @param what the names are, for messages: "parameter"
     * @throws InputException with each pattern that matches none
     */
    public static List<String> select(List<String> patterns, List<String> names, String what) {
        List<String> problems = new ArrayList<>();
        List<NamePattern> all = patterns.stream().map(NamePattern::new).toList();
        for (NamePattern pattern : all) {
            if (names.stream().noneMatch(pattern::matches)) {
                problems.add("\"" + pattern.text() + "\" matches no " + what + "; there are " + shown(names));
            }
        }
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
        return names.stream().filter(name -> all.stream().anyMatch(pattern -> pattern.matches(name))).toList();
    }

    private static String shown(List<String> names) {
        String some = String.join(", ", names.subList(0, Math.min(MOST_SHOWN, names.size())));
        return names.size() > MOST_SHOWN ? some + " and " + (names.size() - MOST_SHOWN) + " more" : some;
    }
}
