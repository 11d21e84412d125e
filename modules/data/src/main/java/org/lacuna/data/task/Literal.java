package org.lacuna.data.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads a list as Python prints it, which is how a template gives one: strings and whole numbers, {@code ['a', "it's", 3]}, also in round brackets. */
final class Literal {
    private static final int LONGEST = 1 << 24;

    private final String text;
    private int at;

    private Literal(String text) {
        this.text = text;
    }

    /** The list, Strings and Longs; empty where the text is none. */
    static Optional<List<Object>> list(String text) {
        if (text.length() < 2 || text.length() > LONGEST || !"[(".contains(text.substring(0, 1))) {
            return Optional.empty();
        }
        return Optional.ofNullable(new Literal(text).read());
    }

    /** Null where it is none. */
    private List<Object> read() {
        char end = text.charAt(at++) == '[' ? ']' : ')';
        List<Object> elements = new ArrayList<>();
        skipSpace();
        while (at < text.length() && text.charAt(at) != end) {
            Object element = element();
            if (element == null) {
                return null;
            }
            elements.add(element);
            skipSpace();
            if (at < text.length() && text.charAt(at) == ',') {
                at++;
                skipSpace();
            } else if (at == text.length() || text.charAt(at) != end) {
                return null;
            }
        }
        return at == text.length() - 1 ? elements : null;
    }

    private void skipSpace() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private Object element() {
        char first = text.charAt(at);
        if (first == '\'' || first == '"') {
            at++;
            return string(first);
        }
        int from = at;
        at += first == '-' ? 1 : 0;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        String digits = text.substring(from, at);
        return digits.matches("-?\\d{1,18}") ? (Object) Long.parseLong(digits) : null;
    }

    private String string(char quote) {
        StringBuilder string = new StringBuilder();
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == quote) {
                return string.toString();
            }
            if (c == '\n') {
                return null;
            }
            if (c != '\\') {
                string.append(c);
            } else if (!escape(string)) {
                return null;
            }
        }
        return null;
    }

    private boolean escape(StringBuilder string) {
        char c = at < text.length() ? text.charAt(at++) : ' ';
        int known = "\\'\"nrt".indexOf(c);
        if (known >= 0) {
            string.append("\\'\"\n\r\t".charAt(known));
            return true;
        }
        int digits = c == 'x' ? 2 : c == 'u' ? 4 : 0;
        if (digits == 0 || at + digits > text.length() || !text.substring(at, at + digits).matches("[0-9a-fA-F]+")) {
            return false;
        }
        string.append((char) Integer.parseInt(text.substring(at, at + digits), 16));
        at += digits;
        return true;
    }
}
