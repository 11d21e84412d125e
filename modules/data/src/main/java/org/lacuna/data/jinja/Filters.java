package org.lacuna.data.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiPredicate;

/** What stands behind {@code |}. */
final class Filters {

    /** Takes the value, the further arguments and the rendering's budget. */
    interface Filter {
        Object apply(Object value, Arguments arguments, Budget budget);
    }

    private static final int MOST_DIGITS = 1_000;
    private static final Map<String, Filter> ALL = new LinkedHashMap<>();

    static {
        ALL.put("tojson", Text::json);
        ALL.put("string", (v, a, b) -> Text.of(v, b));
        ALL.put("length", (v, a, b) -> {
            if (v instanceof String text) {
                b.read(text);
            }
            return Values.length(v);
        });
        ALL.put("count", ALL.get("length"));
        ALL.put("list", (v, a, b) -> new ArrayList<Object>(Values.elements(v, b)));
        ALL.put("items", Filters::items);
        ALL.put("default", Filters::otherwise);
        ALL.put("d", Filters::otherwise);
        ALL.put("join", Filters::join);
        ALL.put("first", (v, a, b) -> end(Values.elements(v, b), true));
        ALL.put("last", (v, a, b) -> end(Values.elements(v, b), false));
        ALL.put("reverse", (v, a, b) -> v instanceof String s ? new StringBuilder(s).reverse().toString() : reversed(Values.elements(v, b)));
        ALL.put("sort", Filters::sort);
        ALL.put("unique", Filters::unique);
        ALL.put("map", Filters::map);
        ALL.put("select", (v, a, b) -> select(v, a, b, false, true));
        ALL.put("reject", (v, a, b) -> select(v, a, b, false, false));
        ALL.put("selectattr", (v, a, b) -> select(v, a, b, true, true));
        ALL.put("rejectattr", (v, a, b) -> select(v, a, b, true, false));
        ALL.put("int", (v, a, b) -> number(v, a.bind("int", "default?")[0], true));
        ALL.put("float", (v, a, b) -> number(v, a.bind("float", "default?")[0], false));
        ALL.put("abs", (v, a, b) -> Values.order(v, 0L) < 0 ? Arithmetic.negative(v) : v);
        ALL.put("trim", (v, a, b) -> Methods.call(Text.of(v, b), "strip", a, b));
        ALL.put("replace", (v, a, b) -> Methods.call(Text.of(v, b), "replace", a, b));
        ALL.put("title", (v, a, b) -> Strings.titleOfWords(Text.of(v, b)));
        for (String name : List.of("upper", "lower", "capitalize")) {
            ALL.put(name, (v, a, b) -> Methods.call(Text.of(v, b), name, a, b));
        }
    }

    private Filters() {
    }

    /** @return null if there is none of the name */
    static Filter named(String name) {
        return ALL.get(name);
    }

    static String names() {
        return String.join(", ", ALL.keySet());
    }

    private static Object items(Object value, Arguments arguments, Budget budget) {
        if (value instanceof Undefined) {
            return List.of();
        }
        if (value instanceof Map<?, ?> map) {
            return Methods.items(map);
        }
        throw new TemplateException("items wants a mapping, not " + Values.kind(value));
    }

    private static Object otherwise(Object value, Arguments arguments, Budget budget) {
        Object[] given = arguments.bind("default", "default_value?", "boolean?");
        boolean missing = value instanceof Undefined || Values.isTrue(given[1]) && !Values.isTrue(value);
        return !missing ? value : given[0] == null && arguments.positional().isEmpty() && !arguments.named().containsKey("default_value") ? "" : given[0];
    }

    private static Object join(Object value, Arguments arguments, Budget budget) {
        Object[] given = arguments.bind("join", "d?", "attribute?");
        Object elements = given[1] == null ? value : attributes(value, given[1], null, budget);
        return Methods.join(given[0] == null ? "" : Text.of(given[0], budget), elements, false, budget);
    }

    private static Object end(List<?> elements, boolean first) {
        return elements.isEmpty() ? new Undefined("an element of an empty list") : elements.get(first ? 0 : elements.size() - 1);
    }

    private static List<Object> reversed(List<?> elements) {
        List<Object> reversed = new ArrayList<>(elements);
        Collections.reverse(reversed);
        return reversed;
    }

    private static Object sort(Object value, Arguments arguments, Budget budget) {
        Object[] given = arguments.bind("sort", "reverse?", "case_sensitive?", "attribute?");
        List<Object> sorted = new ArrayList<>(Values.elements(value, budget));
        boolean folded = !Values.isTrue(given[1]);
        sorted.sort((x, y) -> {
            budget.step();
            int order = Values.order(sortKey(x, given[2], folded), sortKey(y, given[2], folded));
            return Values.isTrue(given[0]) ? -order : order;
        });
        return sorted;
    }

    private static Object sortKey(Object element, Object attribute, boolean folded) {
        Object key = attribute == null ? element : attribute(element, attribute);
        return folded && key instanceof String text ? text.toLowerCase(Locale.ROOT) : key;
    }

    private static Object unique(Object value, Arguments arguments, Budget budget) {
        Object[] given = arguments.bind("unique", "case_sensitive?", "attribute?");
        List<Object> unique = new ArrayList<>();
        List<Object> keys = new ArrayList<>();
        for (Object element : Values.elements(value, budget)) {
            Object key = sortKey(element, given[1], !Values.isTrue(given[0]));
            if (keys.stream().noneMatch(other -> Values.same(other, key, budget))) {
                unique.add(element);
                keys.add(key);
            }
        }
        return unique;
    }

    /** An attribute by its name, or by several with dots between. */
    private static Object attribute(Object element, Object path) {
        Object value = element;
        for (String name : Text.of(path, new Budget()).split("\\.")) {
            value = Values.item(value, name.matches("\\d{1,9}") ? (Object) Long.parseLong(name) : name);
        }
        return value;
    }

    private static List<Object> attributes(Object value, Object path, Object otherwise, Budget budget) {
        List<Object> all = new ArrayList<>();
        for (Object element : Values.elements(value, budget)) {
            Object found = attribute(element, path);
            all.add(found instanceof Undefined && otherwise != null ? otherwise : found);
        }
        return all;
    }

    private static Object map(Object value, Arguments arguments, Budget budget) {
        if (arguments.positional().isEmpty()) {
            Object[] given = arguments.bind("map", "attribute", "default?");
            return attributes(value, given[0], given[1], budget);
        }
        String name = Values.string(arguments.positional().get(0), "map");
        Filter filter = named(name);
        if (filter == null) {
            throw new TemplateException("map: no filter '" + name + "'");
        }
        Arguments further = new Arguments(arguments.positional().subList(1, arguments.positional().size()), arguments.named());
        List<Object> all = new ArrayList<>();
        for (Object element : Values.elements(value, budget)) {
            all.add(budget.made(filter.apply(element, further, budget)));
        }
        return all;
    }

    private static Object select(Object value, Arguments arguments, Budget budget, boolean byAttribute, boolean wanted) {
        List<Object> given = arguments.positional();
        int test = byAttribute ? 1 : 0;
        if (given.size() < test) {
            throw new TemplateException("selectattr lacks the attribute's name");
        }
        BiPredicate<Object, Budget> passes = (element, b) -> Values.isTrue(element);
        if (given.size() > test) {
            Tests.Test named = Tests.named(Values.string(given.get(test), "select"));
            if (named == null) {
                throw new TemplateException("select: no test '" + given.get(test) + "'; the tests are " + Tests.names());
            }
            Arguments further = new Arguments(given.subList(test + 1, given.size()), arguments.named());
            passes = (element, b) -> named.passes(element, further, b);
        }
        List<Object> selected = new ArrayList<>();
        for (Object element : Values.elements(value, budget)) {
            budget.step();
            if (passes.test(byAttribute ? attribute(element, given.get(0)) : element, budget) == wanted) {
                selected.add(element);
            }
        }
        return selected;
    }

    private static Object number(Object value, Object otherwise, boolean whole) {
        Object fallback = otherwise == null ? whole ? (Object) 0L : (Object) 0.0 : otherwise;
        if (value instanceof String text && text.length() > MOST_DIGITS) {
            throw new TemplateException("a text of more than " + MOST_DIGITS + " characters is to be a number");
        }
        try {
            if (Values.isNumber(value)) {
                double number = Values.number(value);
                return !whole ? (Object) number : value instanceof Double ? (Object) (long) number : (Object) Values.whole(value, "int");
            }
            if (value instanceof String text && whole && Strings.strip(text).matches("[-+]?\\d+")) {
                return Long.parseLong(Strings.strip(text));
            }
            if (value instanceof String text && Strings.strip(text).matches("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?")) {
                double number = Double.parseDouble(Strings.strip(text));
                return whole ? (Object) (long) number : (Object) number;
            }
        } catch (NumberFormatException e) {
            throw new TemplateException("a number is too large");
        }
        return fallback;
    }
}
