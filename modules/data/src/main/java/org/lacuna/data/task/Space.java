package org.lacuna.data.task;

/** White space as Python's {@code str.isspace} and {@code \s} have it. */
final class Space {

    private Space() {
    }

    static boolean is(char c) {
        return Character.isWhitespace(c) || c == 0x85 || c == 0xA0 || c == 0x2007 || c == 0x202F;
    }

    /** Where the white space at the end of a text begins; its length if there is none. */
    static int trailing(String text) {
        int end = text.length();
        while (end > 0 && is(text.charAt(end - 1))) {
            end--;
        }
        return end;
    }

    static String strip(String text) {
        int end = trailing(text);
        int from = 0;
        while (from < end && is(text.charAt(from))) {
            from++;
        }
        return text.substring(from, end);
    }

    /** Pieces between stretches of white space, those before and after the first and last counted: {@code len(re.split(r"\s+", text))}. */
    static long words(String text) {
        long words = 1;
        for (int i = 0; i < text.length(); i++) {
            if (is(text.charAt(i)) && (i == 0 || !is(text.charAt(i - 1)))) {
                words++;
            }
        }
        return words;
    }
}
