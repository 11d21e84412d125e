package org.lacuna.data.jinja;

import java.util.ArrayList;
import java.util.List;

/** Python's operators on values. */
final class Arithmetic {

    private Arithmetic() {
    }

    static Object apply(String operator, Object a, Object b, Budget budget) {
        budget.step();
        if (operator.equals("+") && a instanceof String x && b instanceof String y) {
            budget.make(x.length() + (long) y.length());
            return x + y;
        }
        if (operator.equals("+") && a instanceof List<?> x && b instanceof List<?> y) {
            budget.make(x.size() + (long) y.size());
            List<Object> both = new ArrayList<>(x);
            both.addAll(y);
            return both;
        }
        if (operator.equals("*") && a instanceof String x && (b instanceof Long || b instanceof Boolean)) {
            long times = Math.max(0, Values.whole(b, "*"));
            budget.make(x.isEmpty() ? 0 : times > Integer.MAX_VALUE ? Long.MAX_VALUE : times * x.length());
            return x.isEmpty() ? x : x.repeat((int) times);
        }
        if (!Values.isNumber(a) || !Values.isNumber(b)) {
            throw new TemplateException(Values.kind(a) + " " + operator + " " + Values.kind(b) + " has no value");
        }
        try {
            return a instanceof Double || b instanceof Double || operator.equals("/") ? floats(operator, Values.number(a), Values.number(b))
                    : integers(operator, Values.whole(a, operator), Values.whole(b, operator));
        } catch (ArithmeticException e) {
            throw new TemplateException("a number is too large, or divided by zero");
        }
    }

    private static Object integers(String operator, long a, long b) {
        return switch (operator) {
            case "+" -> Math.addExact(a, b);
            case "-" -> Math.subtractExact(a, b);
            case "*" -> Math.multiplyExact(a, b);
            case "//" -> Math.floorDiv(a, b);
            case "%" -> Math.floorMod(a, b);
            default -> b < 0 ? (Object) Math.pow(a, b) : power(a, b);
        };
    }

    private static long power(long base, long exponent) {
        if (base == 0 || base == 1 || base == -1) {
            return exponent == 0 ? 1 : exponent % 2 == 0 ? base * base : base;
        }
        long product = 1;
        for (long i = 0; i < exponent; i++) {
            product = Math.multiplyExact(product, base);
        }
        return product;
    }

    private static double floats(String operator, double a, double b) {
        if (b == 0 && "//%".contains(operator)) {
            throw new ArithmeticException();
        }
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            case "//" -> Math.floor(a / b);
            case "%" -> a - Math.floor(a / b) * b;
            default -> Math.pow(a, b);
        };
    }

    static Object negative(Object value) {
        return value instanceof Double number ? (Object) (-number) : apply("-", 0L, value, new Budget());
    }

    /** Python's {@code target[from:to:step]}; null where a part is not given. */
    static Object slice(Object target, Object from, Object to, Object step, Budget budget) {
        if (target instanceof Undefined undefined) {
            throw undefined.refused();
        }
        if (!(target instanceof String || target instanceof List)) {
            throw new TemplateException(Values.kind(target) + " has no parts; expected a list or a string");
        }
        List<?> all = Values.elements(target, budget);
        long by = step == null ? 1 : Values.whole(step, "[ : ]");
        if (by == 0) {
            throw new TemplateException("[ : ] has a step of zero");
        }
        int size = all.size();
        long first = bound(from, by > 0 ? 0 : size - 1, size, by);
        long last = bound(to, by > 0 ? size : -1, size, by);
        List<Object> part = new ArrayList<>();
        for (long i = first; by > 0 ? i < last : i > last; i += Math.max(-size - 1L, Math.min(size + 1L, by))) {
            part.add(all.get((int) i));
        }
        return budget.made(target instanceof String ? String.join("", part.stream().map(String.class::cast).toList()) : part);
    }

    private static long bound(Object given, long otherwise, int size, long step) {
        if (given == null) {
            return otherwise;
        }
        long at = Values.whole(given, "[ : ]");
        at += at < 0 ? size : 0;
        return Math.max(step > 0 ? 0 : -1, Math.min(step > 0 ? size : size - 1, at));
    }
}
