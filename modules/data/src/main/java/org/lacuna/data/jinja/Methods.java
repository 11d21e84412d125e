package org.lacuna.data.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The methods of Python's strings, dicts and lists that templates may call; those that change a value are not among them. */
final class Methods {
    private static final Set<String> OF_STRINGS = Set.of("strip", "lstrip", "rstrip", "startswith", "endswith", "split", "rsplit", "splitlines", "upper", "lower",
            "title", "capitalize", "replace", "join", "find", "rfind", "index", "count", "isdigit", "isalpha", "isspace", "removeprefix", "removesuffix");
    private static final Set<String> OF_MAPPINGS = Set.of("items", "keys", "values", "get", "copy");
    private static final Set<String> OF_LISTS = Set.of("index", "count", "copy");

    private Methods() {
    }

    static boolean has(Object target, String name) {
        return (target instanceof String ? OF_STRINGS : target instanceof Map ? OF_MAPPINGS : target instanceof List ? OF_LISTS : Set.<String>of()).contains(name);
    }

    /** Calls a method that there is. */
    static Object call(Object target, String name, Arguments arguments, Budget budget) {
        if (target instanceof String text) {
            return ofString(text, name, arguments, budget);
        }
        return target instanceof Map<?, ?> map ? ofMapping(map, name, arguments) : ofList((List<?>) target, name, arguments, budget);
    }

    private static Object ofMapping(Map<?, ?> map, String name, Arguments arguments) {
        if (name.equals("get")) {
            Object[] given = arguments.bind("get", "key", "default?");
            Object key = Values.key(given[0]);
            return map.containsKey(key) ? map.get(key) : given[1];
        }
        arguments.bind(name);
        return switch (name) {
            case "items" -> items(map);
            case "keys" -> new ArrayList<Object>(map.keySet());
            case "values" -> new ArrayList<Object>(map.values());
            default -> map;
        };
    }

    static List<Object> items(Map<?, ?> map) {
        List<Object> items = new ArrayList<>();
        map.forEach((key, value) -> items.add(new Tuple(java.util.Arrays.asList(key, value))));
        return items;
    }

    private static Object ofList(List<?> list, String name, Arguments arguments, Budget budget) {
        if (name.equals("copy")) {
            arguments.bind(name);
            return list;
        }
        Object wanted = arguments.bind(name, "value")[0];
        long count = 0;
        for (int i = 0; i < list.size(); i++) {
            if (Values.same(list.get(i), wanted, budget)) {
                if (name.equals("index")) {
                    return (long) i;
                }
                count++;
            }
        }
        if (name.equals("index")) {
            throw new TemplateException("index: the list has no such element");
        }
        return count;
    }

    private static Object ofString(String text, String name, Arguments arguments, Budget budget) {
        return switch (name) {
            case "startswith", "endswith" -> affixed(text, name, arguments.bind(name, "affix")[0], budget);
            case "split", "rsplit" -> split(text, name, arguments.bind(name, "sep?", "maxsplit?"), budget);
            case "replace" -> {
                Object[] given = arguments.bind(name, "old", "new", "count?");
                yield replace(text, Values.string(given[0], name), Values.string(given[1], name), given[2], budget);
            }
            case "join" -> join(text, arguments.bind(name, "elements")[0], true, budget);
            default -> plain(text, name, arguments, budget);
        };
    }

    private static Object plain(String text, String name, Arguments arguments, Budget budget) {
        budget.read(text);
        return switch (name) {
            case "strip", "lstrip", "rstrip" -> {
                String characters = arguments.texts(name, "chars?")[0];
                String begun = name.equals("rstrip") ? text : characters == null ? Strings.stripBegin(text) : Strings.stripBegin(text, characters);
                yield name.equals("lstrip") ? begun : characters == null ? Strings.stripEnd(begun) : Strings.stripEnd(begun, characters);
            }
            case "splitlines" -> {
                arguments.bind(name);
                budget.make(2L * text.length());
                yield Strings.lines(text);
            }
            case "find", "rfind", "index", "count" -> search(text, name, arguments.texts(name, "text")[0], budget);
            case "removeprefix" -> {
                String prefix = arguments.texts(name, "prefix")[0];
                yield text.startsWith(prefix) ? text.substring(prefix.length()) : text;
            }
            case "removesuffix" -> {
                String suffix = arguments.texts(name, "suffix")[0];
                yield text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
            }
            default -> {
                arguments.bind(name);
                yield bare(text, name);
            }
        };
    }

    private static Object bare(String text, String name) {
        return switch (name) {
            case "upper" -> text.toUpperCase(Locale.ROOT);
            case "lower" -> text.toLowerCase(Locale.ROOT);
            case "title" -> Strings.title(text);
            case "capitalize" -> Strings.capitalize(text);
            case "isdigit" -> !text.isEmpty() && text.codePoints().allMatch(Character::isDigit);
            case "isalpha" -> !text.isEmpty() && text.codePoints().allMatch(Character::isLetter);
            default -> !text.isEmpty() && text.codePoints().allMatch(Strings::isSpace);
        };
    }

    private static boolean affixed(String text, String name, Object affixes, Budget budget) {
        List<?> any = affixes instanceof List<?> several ? several : List.of(Values.string(affixes, name));
        return any.stream().map(affix -> Values.string(affix, name)).anyMatch(affix -> {
            budget.read(affix);
            return name.equals("startswith") ? text.startsWith(affix) : text.endsWith(affix);
        });
    }

    private static List<Object> split(String text, String name, Object[] given, Budget budget) {
        budget.make(2L * text.length());
        String separator = given[0] == null ? null : Values.string(given[0], name);
        long most = given[1] == null ? -1 : Values.whole(given[1], name);
        if (separator != null && separator.isEmpty()) {
            throw new TemplateException(name + " with an empty separator");
        }
        budget.search(text, separator == null ? "" : separator);
        if (name.equals("split") || most < 0) {
            return Strings.split(text, separator, Math.max(-1, most));
        }
        if (separator == null) {
            throw new TemplateException("rsplit with a limit wants a separator");
        }
        return Strings.splitFromEnd(text, separator, most);
    }

    private static Object search(String text, String name, String wanted, Budget budget) {
        budget.search(text, wanted);
        if (name.equals("count")) {
            long count = 0;
            for (int at = text.indexOf(wanted); at >= 0 && !wanted.isEmpty(); at = text.indexOf(wanted, at + wanted.length())) {
                count++;
            }
            return wanted.isEmpty() ? Strings.length(text) + 1L : count;
        }
        int at = name.equals("rfind") ? text.lastIndexOf(wanted) : text.indexOf(wanted);
        if (at < 0 && name.equals("index")) {
            throw new TemplateException("index: the string does not hold that");
        }
        return at < 0 ? -1L : (long) text.codePointCount(0, at);
    }

    static String replace(String text, String old, String by, Object most, Budget budget) {
        long left = most == null ? Long.MAX_VALUE : Values.whole(most, "replace");
        left = left < 0 ? Long.MAX_VALUE : left;
        if (old.isEmpty()) {
            throw new TemplateException("replace of an empty string");
        }
        budget.search(text, old);
        Text replaced = new Text(budget);
        int from = 0;
        for (int at = text.indexOf(old); at >= 0 && left > 0; at = text.indexOf(old, from), left--) {
            replaced.add(text.substring(from, at)).add(by);
            from = at + old.length();
        }
        return replaced.add(text.substring(from)).toString();
    }

    /** Elements in one string; as the method does, which takes strings only, or as the filter. */
    static String join(String between, Object elements, boolean stringsOnly, Budget budget) {
        Text joined = new Text(budget);
        boolean first = true;
        for (Object element : Values.elements(elements, budget)) {
            joined.add(first ? "" : between).print(stringsOnly ? Values.string(element, "join") : element);
            first = false;
        }
        return joined.toString();
    }
}
