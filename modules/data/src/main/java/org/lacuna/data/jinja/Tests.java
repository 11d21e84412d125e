package org.lacuna.data.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What stands behind {@code is}. */
final class Tests {

    /** Takes the value, the further arguments and the rendering's budget. */
    interface Test {
        boolean passes(Object value, Arguments arguments, Budget budget);
    }

    private static final Map<String, Test> ALL = new LinkedHashMap<>();

    static {
        ALL.put("defined", (v, a, b) -> !(v instanceof Undefined));
        ALL.put("undefined", (v, a, b) -> v instanceof Undefined);
        ALL.put("none", (v, a, b) -> v == null);
        ALL.put("string", (v, a, b) -> v instanceof String);
        ALL.put("number", (v, a, b) -> Values.isNumber(v));
        ALL.put("integer", (v, a, b) -> v instanceof Long);
        ALL.put("float", (v, a, b) -> v instanceof Double);
        ALL.put("boolean", (v, a, b) -> v instanceof Boolean);
        ALL.put("true", (v, a, b) -> Boolean.TRUE.equals(v));
        ALL.put("false", (v, a, b) -> Boolean.FALSE.equals(v));
        ALL.put("mapping", (v, a, b) -> v instanceof Map);
        ALL.put("iterable", (v, a, b) -> v instanceof String || v instanceof List || v instanceof Map || v instanceof Undefined);
        ALL.put("sequence", (v, a, b) -> v instanceof String || v instanceof List || v instanceof Map || v instanceof Undefined);
        ALL.put("callable", (v, a, b) -> v instanceof Callable || v instanceof Undefined);
        ALL.put("in", (v, a, b) -> Values.contains(a.bind("in", "container")[0], v, b));
        ALL.put("equalto", (v, a, b) -> Values.same(v, a.bind("equalto", "other")[0], b));
        ALL.put("eq", ALL.get("equalto"));
        ALL.put("==", ALL.get("equalto"));
        ALL.put("ne", (v, a, b) -> !Values.same(v, a.bind("ne", "other")[0], b));
        ALL.put("!=", ALL.get("ne"));
        ALL.put("lt", (v, a, b) -> Values.order(v, a.bind("lt", "other")[0]) < 0);
        ALL.put("lessthan", ALL.get("lt"));
        ALL.put("le", (v, a, b) -> Values.order(v, a.bind("le", "other")[0]) <= 0);
        ALL.put("gt", (v, a, b) -> Values.order(v, a.bind("gt", "other")[0]) > 0);
        ALL.put("greaterthan", ALL.get("gt"));
        ALL.put("ge", (v, a, b) -> Values.order(v, a.bind("ge", "other")[0]) >= 0);
        ALL.put("odd", (v, a, b) -> Math.floorMod(Values.whole(v, "odd"), 2L) == 1);
        ALL.put("even", (v, a, b) -> Math.floorMod(Values.whole(v, "even"), 2L) == 0);
        ALL.put("divisibleby", (v, a, b) -> Values.isTrue(Arithmetic.apply("%", v, a.bind("divisibleby", "num")[0], b)) == false);
        ALL.put("lower", (v, a, b) -> Text.of(v, b).equals(Text.of(v, b).toLowerCase(Locale.ROOT)));
        ALL.put("upper", (v, a, b) -> Text.of(v, b).equals(Text.of(v, b).toUpperCase(Locale.ROOT)));
    }

    private Tests() {
    }

    /** @return null if there is none of the name */
    static Test named(String name) {
        return ALL.get(name);
    }

    static String names() {
        return String.join(", ", ALL.keySet());
    }
}
