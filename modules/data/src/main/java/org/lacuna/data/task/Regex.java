package org.lacuna.data.task;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.lacuna.run.InputException;

/** A regular expression of a task file, which may not take longer over a text than a bound allows, whatever it is. */
final class Regex {
    private static final int LONGEST = 1000;
    private static final int MOST_READ = 10_000_000;
    /** Repetitions of nothing read no character, and may stand inside each other. */
    private static final double MOST_REPEATED = 1e6;
    private static final Pattern COUNTS = Pattern.compile("\\{(\\d+)(?:,(\\d*))?\\}");

    private final Pattern pattern;

    /**
     * Reads one.
     *
     * @param key where it stands in the task file
     * @throws IllegalArgumentException if it is none; the message begins with the key
     */
    Regex(String key, String expression) {
        if (expression.length() > LONGEST) {
            throw new IllegalArgumentException(key + ": a regular expression of " + expression.length() + " characters; expected at most " + LONGEST);
        }
        double repeated = COUNTS.matcher(expression).results()
                .mapToDouble(count -> Math.max(1, Double.parseDouble(count.group(2) == null || count.group(2).isEmpty() ? count.group(1) : count.group(2))))
                .reduce(1, (a, b) -> a * b);
        if (repeated > MOST_REPEATED) {
            throw new IllegalArgumentException(key + ": the counts of repetitions multiply to " + repeated + "; expected at most " + MOST_REPEATED + " in " + expression);
        }
        try {
            pattern = Pattern.compile(expression);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(key + ": not a regular expression: " + e.getDescription() + " at character " + (e.getIndex() + 1)
                    + " of " + expression);
        }
    }

    String without(String text) {
        return bounded(text, matcher -> matcher.replaceAll(""));
    }

    /** What Python's {@code findall} gives for each match: the whole of it, or its groups if it has some, "" for one that took no part. */
    List<List<String>> all(String text) {
        return bounded(text, matcher -> {
            List<List<String>> all = new ArrayList<>();
            while (matcher.find()) {
                List<String> groups = new ArrayList<>();
                for (int group = Math.min(1, matcher.groupCount()); group <= matcher.groupCount(); group++) {
                    groups.add(matcher.group(group) == null ? "" : matcher.group(group));
                }
                all.add(groups);
            }
            return all;
        });
    }

    private <T> T bounded(String text, Function<Matcher, T> use) {
        try {
            return use.apply(pattern.matcher(new Metered(text, 0, text.length(), new int[] {0})));
        } catch (StackOverflowError e) {
            throw tooLong(text);
        }
    }

    private InputException tooLong(String text) {
        return new InputException("the regular expression " + pattern.pattern() + " takes too long over a text of " + text.length()
                + " characters; expected one without repetitions inside of repetitions");
    }

    /** A text whose characters are counted as they are looked at. */
    private final class Metered implements CharSequence {
        private final String text;
        private final int from;
        private final int to;
        private final int[] read;

        Metered(String text, int from, int to, int[] read) {
            this.text = text;
            this.from = from;
            this.to = to;
            this.read = read;
        }

        @Override
        public char charAt(int index) {
            if (++read[0] > MOST_READ) {
                throw tooLong(text);
            }
            return text.charAt(from + index);
        }

        @Override
        public int length() {
            return to - from;
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return new Metered(text, from + start, from + end, read);
        }

        @Override
        public String toString() {
            return text.substring(from, to);
        }
    }
}
