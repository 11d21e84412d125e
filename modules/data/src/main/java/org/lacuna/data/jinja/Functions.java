package org.lacuna.data.jinja;

import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a template can call by its name. {@code strftime_now} tells a moment that never changes, so that the same data are the same tokens on
 * every day.
 */
final class Functions {
    /** The day that templates fall back to which have no clock. */
    private static final ZonedDateTime NOW = ZonedDateTime.of(2024, 7, 26, 12, 0, 0, 0, ZoneOffset.UTC);
    private static final Map<Character, String> DATES = Map.ofEntries(Map.entry('d', "dd"), Map.entry('m', "MM"), Map.entry('Y', "yyyy"), Map.entry('y', "yy"),
            Map.entry('b', "MMM"), Map.entry('B', "MMMM"), Map.entry('a', "EEE"), Map.entry('A', "EEEE"), Map.entry('H', "HH"), Map.entry('I', "hh"),
            Map.entry('M', "mm"), Map.entry('S', "ss"), Map.entry('p', "a"), Map.entry('j', "DDD"));
    private static final long MOST_OF_A_RANGE = 100_000;

    private Functions() {
    }

    static void define(Scope scope) {
        scope.set("raise_exception", (Callable) (a, b) -> {
            throw new TemplateException("the template refuses: " + Text.of(a.bind("raise_exception", "message")[0], b));
        });
        scope.set("namespace", (Callable) (a, b) -> new Namespace(dict(a)));
        scope.set("dict", (Callable) (a, b) -> dict(a));
        scope.set("range", (Callable) Functions::range);
        scope.set("strftime_now", (Callable) (a, b) -> date(a.texts("strftime_now", "format")[0], b));
    }

    private static Map<Object, Object> dict(Arguments arguments) {
        Map<Object, Object> dict = new LinkedHashMap<>();
        for (Object first : arguments.positional()) {
            if (arguments.positional().size() > 1 || !(first instanceof Map<?, ?> map)) {
                throw new TemplateException("dict and namespace take one mapping and named values");
            }
            dict.putAll(map);
        }
        dict.putAll(arguments.named());
        return dict;
    }

    private static Object range(Arguments arguments, Budget budget) {
        Object[] given = arguments.bind("range", "start", "stop?", "step?");
        long start = given[1] == null ? 0 : Values.whole(given[0], "range");
        long stop = Values.whole(given[1] == null ? given[0] : given[1], "range");
        long step = given[2] == null ? 1 : Values.whole(given[2], "range");
        if (step == 0) {
            throw new TemplateException("range has a step of zero");
        }
        List<Object> range = new ArrayList<>();
        for (long i = start; step > 0 ? i < stop : i > stop; i = Math.addExact(i, step)) {
            if (range.size() == MOST_OF_A_RANGE) {
                throw new TemplateException("range has more than " + MOST_OF_A_RANGE + " numbers");
            }
            range.add(i);
        }
        budget.make(range.size());
        return range;
    }

    private static String date(String format, Budget budget) {
        Text date = new Text(budget);
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%') {
                date.add(String.valueOf(c));
                continue;
            }
            char directive = ++i < format.length() ? format.charAt(i) : ' ';
            String pattern = DATES.get(directive);
            if (pattern == null && directive != '%') {
                throw new TemplateException("strftime_now does not know %" + directive);
            }
            date.add(pattern == null ? "%" : DateTimeFormatter.ofPattern(pattern, Locale.US).format(NOW));
        }
        return date.toString();
    }
}
