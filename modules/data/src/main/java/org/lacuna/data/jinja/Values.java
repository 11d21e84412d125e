package org.lacuna.data.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Python's values: None is null, and there are Boolean, Long, Double, String, List ({@link Tuple} among them), Map, {@link Namespace}, {@link Loop},
 * {@link Callable} and {@link Undefined}.
 */
final class Values {

    private Values() {
    }

    static boolean isTrue(Object value) {
        if (value == null || value instanceof Undefined) {
            return false;
        }
        if (value instanceof Boolean truth) {
            return truth;
        }
        if (value instanceof Number number) {
            return number.doubleValue() != 0;
        }
        return !(value instanceof String text && text.isEmpty() || value instanceof List<?> list && list.isEmpty()
                || value instanceof Map<?, ?> map && map.isEmpty());
    }

    /** How a message calls what a value is. */
    static String kind(Object value) {
        if (value == null) {
            return "none";
        }
        if (value instanceof Undefined undefined) {
            return undefined.what() + ", which is undefined,";
        }
        return value instanceof String ? "a string" : value instanceof Boolean ? "a boolean" : value instanceof Number ? "a number"
                : value instanceof List ? "a list" : value instanceof Map ? "a mapping" : value instanceof Namespace ? "a namespace"
                : value instanceof Loop ? "loop" : "a function";
    }

    static String string(Object value, String user) {
        if (value instanceof String text) {
            return text;
        }
        throw new TemplateException(user + " wants a string, not " + kind(value));
    }

    static long whole(Object value, String user) {
        if (value instanceof Long number) {
            return number;
        }
        if (value instanceof Boolean truth) {
            return truth ? 1 : 0;
        }
        throw new TemplateException(user + " wants a whole number, not " + kind(value));
    }

    /** The elements that a loop goes over. */
    static List<?> elements(Object value, Budget budget) {
        if (value instanceof List<?> list) {
            return list;
        }
        if (value instanceof Undefined undefined) {
            budget.use(undefined);
            return List.of();
        }
        if (value instanceof Map<?, ?> map) {
            budget.make(map.size());
            return new ArrayList<>(map.keySet());
        }
        if (value instanceof String text) {
            budget.make(2L * text.length());
            return text.codePoints().mapToObj(Character::toString).toList();
        }
        throw new TemplateException(kind(value) + " has no elements; expected a list, a mapping or a string");
    }

    static long length(Object value) {
        if (value instanceof String text) {
            return Strings.length(text);
        }
        if (value instanceof List<?> list) {
            return list.size();
        }
        if (value instanceof Map<?, ?> map) {
            return map.size();
        }
        if (value instanceof Undefined) {
            return 0;
        }
        throw new TemplateException(kind(value) + " has no length");
    }

    /** Python's {@code ==}. */
    static boolean same(Object a, Object b, Budget budget) {
        budget.step();
        if (a instanceof String x && b instanceof String) {
            budget.read(x);
            return a.equals(b);
        }
        if (isNumber(a) && isNumber(b)) {
            return a instanceof Double || b instanceof Double ? number(a) == number(b) : whole(a, "==") == whole(b, "==");
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            if (x.size() != y.size() || x instanceof Tuple != y instanceof Tuple) {
                return false;
            }
            Iterator<?> other = y.iterator();
            for (Object element : x) {
                if (!same(element, other.next(), budget)) {
                    return false;
                }
            }
            return true;
        }
        if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
            return x.size() == y.size() && x.entrySet().stream().allMatch(e -> y.containsKey(e.getKey()) && same(e.getValue(), y.get(e.getKey()), budget));
        }
        return a == null ? b == null : a instanceof Undefined ? b instanceof Undefined : a.equals(b);
    }

    static boolean isNumber(Object value) {
        return value instanceof Number || value instanceof Boolean;
    }

    static double number(Object value) {
        return value instanceof Boolean truth ? truth ? 1 : 0 : ((Number) value).doubleValue();
    }

    /** Less than 0, 0 or more as the first is before, equal to or after the second. */
    static int order(Object a, Object b) {
        if (isNumber(a) && isNumber(b)) {
            return a instanceof Double || b instanceof Double ? Double.compare(number(a), number(b)) : Long.compare(whole(a, "<"), whole(b, "<"));
        }
        if (a instanceof String x && b instanceof String y) {
            return x.compareTo(y);
        }
        throw new TemplateException(kind(a) + " and " + kind(b) + " have no order");
    }

    /** Python's {@code element in container}. */
    static boolean contains(Object container, Object element, Budget budget) {
        if (container instanceof String text) {
            String wanted = string(element, "in a string");
            budget.search(text, wanted);
            return text.contains(wanted);
        }
        if (container instanceof Map<?, ?> map) {
            return map.containsKey(key(element));
        }
        return elements(container, budget).stream().anyMatch(other -> same(other, element, budget));
    }

    /** What can be a key of a mapping here: a string, a whole number or none. */
    static Object key(Object value) {
        if (value == null || value instanceof String || value instanceof Long) {
            return value;
        }
        throw new TemplateException(kind(value) + " can't be a key of a mapping here; expected a string or a whole number");
    }

    /** {@code target.name}, not called. */
    static Object attribute(Object target, String name) {
        if (target instanceof Undefined undefined) {
            throw undefined.refused();
        }
        if (target instanceof Namespace namespace) {
            return namespace.get(name);
        }
        if (target instanceof Loop loop) {
            return loop.get(name);
        }
        if (Methods.has(target, name)) {
            throw new TemplateException("." + name + " of " + kind(target) + " is a method; expected a call of it");
        }
        return target instanceof Map<?, ?> map && map.containsKey(name) ? map.get(name) : new Undefined("." + name + " of " + kind(target));
    }

    /** {@code target[key]}. */
    static Object item(Object target, Object key) {
        if (target instanceof Undefined undefined) {
            throw undefined.refused();
        }
        if (target instanceof Map<?, ?> map) {
            Object at = key(key);
            return map.containsKey(at) ? map.get(at) : new Undefined("[" + at + "] of a mapping");
        }
        if (key instanceof String name && (target instanceof Namespace || target instanceof Loop)) {
            return attribute(target, name);
        }
        if (!(target instanceof List || target instanceof String) || !(key instanceof Long || key instanceof Boolean)) {
            return new Undefined("[" + (key instanceof String ? key : "…") + "] of " + kind(target));
        }
        long size = length(target);
        long at = whole(key, "[ ]");
        at += at < 0 ? size : 0;
        if (at < 0 || at >= size) {
            return new Undefined("[" + key + "] of " + kind(target) + " of length " + size);
        }
        if (target instanceof List<?> list) {
            return list.get((int) at);
        }
        String text = (String) target;
        return Character.toString(text.codePointAt(text.offsetByCodePoints(0, (int) at)));
    }
}
