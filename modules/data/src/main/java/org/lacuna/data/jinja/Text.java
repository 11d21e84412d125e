package org.lacuna.data.jinja;

import java.math.BigDecimal;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A text in the making: values as Python prints them, or as JSON. */
final class Text {
    private static final double LEAST_PLAIN = 1e-4;
    private static final double MOST_PLAIN = 1e16;
    private static final long MOST_INDENT = 64;

    private final Budget budget;
    private final StringBuilder text = new StringBuilder();

    Text(Budget budget) {
        this.budget = budget;
    }

    /** {@code str(value)}. */
    static String of(Object value, Budget budget) {
        return value instanceof String text ? text : new Text(budget).print(value).toString();
    }

    Text add(CharSequence characters) {
        budget.make(characters.length());
        text.append(characters);
        return this;
    }

    /** A value as it is printed. */
    Text print(Object value) {
        budget.step();
        if (value instanceof String string) {
            return add(string);
        }
        if (value instanceof Undefined undefined) {
            budget.use(undefined);
            return this;
        }
        return spell(value);
    }

    /** A value as it is spelled inside of a printed list. */
    private Text spell(Object value) {
        budget.step();
        if (value == null) {
            return add("None");
        }
        if (value instanceof Boolean truth) {
            return add(truth ? "True" : "False");
        }
        if (value instanceof Double number) {
            return add(spelled(number));
        }
        if (value instanceof Long number) {
            return add(Long.toString(number));
        }
        if (value instanceof String string) {
            return quoted(string);
        }
        if (value instanceof List<?> list) {
            add(list instanceof Tuple ? "(" : "[");
            String between = "";
            for (Object element : list) {
                add(between).spell(element);
                between = ", ";
            }
            return add(!(list instanceof Tuple) ? "]" : list.size() == 1 ? ",)" : ")");
        }
        if (value instanceof Map<?, ?> map) {
            add("{");
            String between = "";
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                add(between).spell(entry.getKey()).add(": ").spell(entry.getValue());
                between = ", ";
            }
            return add("}");
        }
        throw new TemplateException(Values.kind(value) + " can't be printed");
    }

    private Text quoted(String string) {
        char quote = string.indexOf('\'') >= 0 && string.indexOf('"') < 0 ? '"' : '\'';
        StringBuilder spelled = new StringBuilder().append(quote);
        string.codePoints().forEach(c -> {
            if (c == quote || c == '\\') {
                spelled.append('\\').appendCodePoint(c);
            } else if (c == '\n' || c == '\r' || c == '\t') {
                spelled.append(c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
            } else if (c < ' ' || c >= 0x7F && c <= 0xA0 || c == 0xAD) {
                spelled.append(String.format(Locale.ROOT, "\\x%02x", c));
            } else {
                spelled.appendCodePoint(c);
            }
        });
        return add(spelled.append(quote));
    }

    private static String spelled(double number) {
        double size = Math.abs(number);
        if (size == 0 || size >= LEAST_PLAIN && size < MOST_PLAIN) {
            String plain = size == 0 ? Double.toString(number) : new BigDecimal(Double.toString(number)).toPlainString();
            return plain.contains(".") ? plain : plain + ".0";
        }
        if (!Double.isFinite(number)) {
            return Double.isNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        }
        String[] parts = Double.toString(number).split("E");
        int exponent = Integer.parseInt(parts[1]);
        return (parts[0].endsWith(".0") ? parts[0].substring(0, parts[0].length() - 2) : parts[0])
                + String.format(Locale.ROOT, "e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
    }

    /** {@code json.dumps(value, ensure_ascii=False, …)} and its parameters, as Hugging Face's {@code tojson} has them. */
    static String json(Object value, Arguments arguments, Budget budget) {
        Object[] given = arguments.bind("tojson", "ensure_ascii?", "indent?", "separators?", "sort_keys?");
        if (Values.isTrue(given[0])) {
            throw new TemplateException("tojson with ensure_ascii is not supported");
        }
        if (given[1] != null && Values.whole(given[1], "tojson's indent") > MOST_INDENT) {
            throw new TemplateException("tojson's indent is more than " + MOST_INDENT);
        }
        String indent = given[1] == null ? null : " ".repeat((int) Math.max(0, Values.whole(given[1], "tojson's indent")));
        String item = indent == null ? ", " : ",";
        String key = ": ";
        if (given[2] != null) {
            if (!(given[2] instanceof List<?> pair) || pair.size() != 2) {
                throw new TemplateException("tojson's separators are two strings");
            }
            item = Values.string(pair.get(0), "tojson's separators");
            key = Values.string(pair.get(1), "tojson's separators");
        }
        Text text = new Text(budget);
        text.new Json(indent, item, key, Values.isTrue(given[3])).value(value, "\n");
        return text.toString();
    }

    private final class Json {
        private final String indent;
        private final String itemSeparator;
        private final String keySeparator;
        private final boolean sorted;

        Json(String indent, String itemSeparator, String keySeparator, boolean sorted) {
            this.indent = indent;
            this.itemSeparator = itemSeparator;
            this.keySeparator = keySeparator;
            this.sorted = sorted;
        }

        void value(Object value, String margin) {
            budget.step();
            if (value instanceof String string) {
                string(string);
            } else if (value == null || value instanceof Boolean) {
                add(String.valueOf(value));
            } else if (value instanceof Number) {
                spell(value);
            } else if (value instanceof List<?> list) {
                Iterator<?> elements = list.iterator();
                around('[', ']', list.size(), margin, inner -> value(elements.next(), inner));
            } else if (value instanceof Map<?, ?> map) {
                Iterator<? extends Map.Entry<?, ?>> entries = (sorted ? sorted(map) : map).entrySet().iterator();
                around('{', '}', map.size(), margin, inner -> {
                    Map.Entry<?, ?> entry = entries.next();
                    string(entry.getKey() instanceof String name ? name : Text.json(entry.getKey(), Arguments.NONE, budget));
                    add(keySeparator);
                    value(entry.getValue(), inner);
                });
            } else {
                throw new TemplateException(Values.kind(value) + " can't be JSON");
            }
        }

        private static Map<?, ?> sorted(Map<?, ?> map) {
            Map<Object, Object> sorted = new TreeMap<>(Values::order);
            sorted.putAll(map);
            return sorted;
        }

        private void around(char begin, char end, int size, String margin, java.util.function.Consumer<String> element) {
            String inner = indent == null ? "" : margin + indent;
            add(String.valueOf(begin));
            for (int i = 0; i < size; i++) {
                add(i > 0 ? itemSeparator : "").add(inner);
                element.accept(inner);
            }
            add(size > 0 && indent != null ? margin : "").add(String.valueOf(end));
        }

        private void string(String string) {
            StringBuilder spelled = new StringBuilder("\"");
            for (int i = 0; i < string.length(); i++) {
                char c = string.charAt(i);
                int code = c < ' ' || c == '"' || c == '\\' ? "\b\t\n\f\r\"\\".indexOf(c) : -2;
                spelled.append(code == -2 ? String.valueOf(c) : code == -1 ? String.format(Locale.ROOT, "\\u%04x", (int) c) : "\\" + "btnfr\"\\".charAt(code));
            }
            add(spelled.append('"'));
        }
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
