package org.lacuna.data.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Texts as Python sees them: made of code points, with its notion of white space and its escapes. */
final class Strings {
    private static final String ESCAPES = "n\nt\tr\ra\u0007b\bf\fv\u000b\\\\''\"\"\n\0";

    private Strings() {
    }

    static boolean isSpace(int character) {
        return Character.isWhitespace(character) || character == 0x85 || character == 0xA0 || character == 0x2007 || character == 0x202F;
    }

    static String strip(String text) {
        return stripEnd(stripBegin(text));
    }

    static String stripBegin(String text) {
        int from = 0;
        while (from < text.length() && isSpace(text.charAt(from))) {
            from++;
        }
        return text.substring(from);
    }

    static String stripEnd(String text) {
        int to = text.length();
        while (to > 0 && isSpace(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(0, to);
    }

    static String stripBegin(String text, String characters) {
        int from = 0;
        while (from < text.length() && characters.indexOf(text.codePointAt(from)) >= 0) {
            from += Character.charCount(text.codePointAt(from));
        }
        return text.substring(from);
    }

    static String stripEnd(String text, String characters) {
        int to = text.length();
        while (to > 0 && characters.indexOf(text.codePointBefore(to)) >= 0) {
            to -= Character.charCount(text.codePointBefore(to));
        }
        return text.substring(0, to);
    }

    /** The value of a string literal. */
    static String unescape(String literal) {
        if (literal.indexOf('\\') < 0) {
            return literal;
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < literal.length(); i++) {
            char c = literal.charAt(i);
            if (c != '\\') {
                text.append(c);
                continue;
            }
            char kind = literal.charAt(++i);
            int digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
            if (digits > 0) {
                text.appendCodePoint(hexadecimal(literal, i + 1, digits));
                i += digits;
            } else if (kind >= '0' && kind <= '7' || kind == 'N') {
                throw new TemplateException("\\" + kind + " in a string is not supported; expected \\x, \\u or \\U");
            } else {
                escaped(text, kind);
            }
        }
        return text.toString();
    }

    private static void escaped(StringBuilder text, char kind) {
        for (int i = 0; i < ESCAPES.length(); i += 2) {
            if (ESCAPES.charAt(i) == kind) {
                if (kind != '\n') {
                    text.append(ESCAPES.charAt(i + 1));
                }
                return;
            }
        }
        text.append('\\').append(kind);
    }

    private static int hexadecimal(String literal, int from, int digits) {
        try {
            int value = Integer.parseInt(literal.substring(from, from + digits), 16);
            if (Character.isValidCodePoint(value)) {
                return value;
            }
        } catch (NumberFormatException | StringIndexOutOfBoundsException e) {
            // Said below.
        }
        throw new TemplateException("an escape in a string is no character; expected \\xhh, \\uhhhh or \\Uhhhhhhhh");
    }

    static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /** Python's {@code text.split(separator, most)}; a null separator is white space, −1 is no limit. */
    static List<Object> split(String text, String separator, long most) {
        List<Object> parts = new ArrayList<>();
        int from = 0;
        if (separator == null) {
            while (true) {
                while (from < text.length() && isSpace(text.charAt(from))) {
                    from++;
                }
                if (from == text.length()) {
                    return parts;
                }
                if (parts.size() == most) {
                    parts.add(text.substring(from));
                    return parts;
                }
                int end = from;
                while (end < text.length() && !isSpace(text.charAt(end))) {
                    end++;
                }
                parts.add(text.substring(from, end));
                from = end;
            }
        }
        for (int end = text.indexOf(separator); end >= 0 && parts.size() != most; end = text.indexOf(separator, from)) {
            parts.add(text.substring(from, end));
            from = end + separator.length();
        }
        parts.add(text.substring(from));
        return parts;
    }

    /** Python's {@code text.rsplit(separator, most)} for a separator. */
    static List<Object> splitFromEnd(String text, String separator, long most) {
        List<Object> parts = new ArrayList<>();
        int to = text.length();
        for (int begin = text.lastIndexOf(separator); begin >= 0 && parts.size() != most;
                begin = to < separator.length() ? -1 : text.lastIndexOf(separator, to - separator.length())) {
            parts.add(text.substring(begin + separator.length(), to));
            to = begin;
        }
        parts.add(text.substring(0, to));
        Collections.reverse(parts);
        return parts;
    }

    /** Each word begins with a capital, and only there. */
    static String title(String text) {
        StringBuilder title = new StringBuilder();
        boolean inside = false;
        for (int c : text.codePoints().toArray()) {
            title.appendCodePoint(inside ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inside = Character.isLetter(c);
        }
        return title.toString();
    }

    /** Jinja's filter {@code title}: words are what white space and some signs are between, and only their first letters are capitals. */
    static String titleOfWords(String text) {
        StringBuilder title = new StringBuilder();
        boolean inside = false;
        for (int c : text.codePoints().toArray()) {
            title.append(inside ? Character.toString(c).toLowerCase(java.util.Locale.ROOT) : Character.toString(c).toUpperCase(java.util.Locale.ROOT));
            inside = !isSpace(c) && "-({[<".indexOf(c) < 0;
        }
        return title.toString();
    }

    static List<Object> lines(String text) {
        List<Object> lines = new ArrayList<>(List.of((Object[]) text.split("\\r\\n|\\R|[\\x1c-\\x1e]", -1)));
        if (lines.get(lines.size() - 1).equals("")) {
            lines.remove(lines.size() - 1);
        }
        return lines;
    }

    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int end = text.offsetByCodePoints(0, 1);
        return new StringBuilder().appendCodePoint(Character.toTitleCase(text.codePointAt(0))).append(text.substring(end).toLowerCase(java.util.Locale.ROOT)).toString();
    }
}
