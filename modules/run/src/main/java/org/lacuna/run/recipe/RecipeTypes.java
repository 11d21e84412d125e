package org.lacuna.run.recipe;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** The types that a recipe's values can have: how each is parsed, and how a message names it. */
final class RecipeTypes {
    // Leading zeros are refused: YAML 1.1 reads 010 as 8, YAML 1.2 as 10.
    private static final Pattern WHOLE = Pattern.compile("[-+]?(0|[1-9][0-9_]*)");
    private static final Pattern DECIMAL = Pattern.compile("[-+]?([0-9][0-9_]*(\\.[0-9_]*)?|\\.[0-9]+)([eE][-+]?[0-9]+)?");

    private RecipeTypes() {}

    static Class<?> raw(Type type) {
        return type instanceof ParameterizedType generic ? (Class<?>) generic.getRawType() : (Class<?>) type;
    }

    /** The element type of a {@code List<…>} or {@code Optional<…>}. */
    static Type argument(Type type) {
        return ((ParameterizedType) type).getActualTypeArguments()[0];
    }

    /** The type of the values of a {@code Map<String, …>}. */
    static Type mapped(Type type) {
        return ((ParameterizedType) type).getActualTypeArguments()[1];
    }

    /** The value of a scalar, or null if it is not of this type. */
    static Object parse(ScalarNode node, Class<?> type) {
        String text = node.getValue();
        if (type == String.class) {
            return text;
        }
        if (type == Path.class) {
            return path(text);
        }
        if (type.isEnum()) {
            return Arrays.stream(type.getEnumConstants()).filter(c -> name((Enum<?>) c).equals(text)).findFirst().orElse(null);
        }
        if (!node.isPlain()) {
            return null;
        }
        if (type == boolean.class || type == Boolean.class) {
            return text.equals("true") ? Boolean.TRUE : text.equals("false") ? Boolean.FALSE : null;
        }
        if (type == int.class || type == Integer.class) {
            Long value = whole(text);
            return value == null || value != value.intValue() ? null : (Object) value.intValue();
        }
        if (type == long.class || type == Long.class) {
            return whole(text);
        }
        if (type == double.class || type == Double.class) {
            return decimal(text);
        }
        throw new IllegalStateException("a recipe can't hold a " + type.getName());
    }

    private static Long whole(String text) {
        try {
            return WHOLE.matcher(text).matches() ? Long.valueOf(text.replace("_", "")) : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private static Double decimal(String text) {
        if (!DECIMAL.matcher(text).matches()) {
            return null;
        }
        double value = Double.parseDouble(text.replace("_", ""));
        return Double.isFinite(value) ? value : null;
    }

    private static Path path(String text) {
        try {
            return text.isBlank() ? null : Path.of(text);
        } catch (InvalidPathException e) {
            return null;
        }
    }

    /** An enum constant's name in a recipe. */
    static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** What a value of this type looks like. */
    static String expected(Type type) {
        Class<?> raw = raw(type);
        if (raw == Optional.class) {
            return expected(argument(type));
        }
        if (raw == List.class) {
            return "a list [a, b, ...]";
        }
        if (raw == Map.class) {
            return "a mapping {name: value, ...}";
        }
        if (raw.isRecord()) {
            return "a mapping of keys to values";
        }
        if (raw.isEnum()) {
            return "one of " + Arrays.stream(raw.getEnumConstants()).map(c -> name((Enum<?>) c)).collect(Collectors.joining(", "));
        }
        if (raw == String.class) {
            return "a text";
        }
        if (raw == Path.class) {
            return "a path";
        }
        if (raw == boolean.class || raw == Boolean.class) {
            return "true or false";
        }
        if (raw == double.class || raw == Double.class) {
            return "a number";
        }
        return raw == long.class || raw == Long.class ? "a whole number" : "a whole number of at most 32 bits";
    }

    /** The limits of a key, or nothing. */
    static String range(Key key) {
        if (key == null) {
            return "";
        }
        return (Double.isInfinite(key.min()) ? "" : ", at least " + plain(key.min()))
                + (Double.isInfinite(key.above()) ? "" : ", above " + plain(key.above()))
                + (Double.isInfinite(key.max()) ? "" : ", at most " + plain(key.max()))
                + (Double.isInfinite(key.below()) ? "" : ", below " + plain(key.below()));
    }

    private static String plain(double limit) {
        return limit == Math.rint(limit) && Math.abs(limit) < 1e15 ? Long.toString((long) limit) : Double.toString(limit);
    }
}
