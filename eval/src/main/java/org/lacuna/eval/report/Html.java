package org.lacuna.eval.report;

/** A piece of a page. Strings from outside come in by {@link #text} and {@link #of} alone, which escape them. */
record Html(String markup) {
    /** A text, every character that means something to a parser escaped; safe in an attribute's double quotes too. */
    static Html text(String text) {
        StringBuilder escaped = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.appendCodePoint(allowed(c) ? c : 0xFFFD);
            }
        });
        return new Html(escaped.toString());
    }

    /** Pieces one after the other; a piece that is no {@code Html} is a text. */
    static Html of(Object... pieces) {
        StringBuilder markup = new StringBuilder();
        for (Object piece : pieces) {
            markup.append(piece instanceof Html html ? html.markup : text(piece.toString()).markup);
        }
        return new Html(markup.toString());
    }

    /** An element: {@code open} is its name and attributes, as written. */
    static Html element(String open, Object... content) {
        int space = open.indexOf(' ');
        String name = space < 0 ? open : open.substring(0, space);
        return new Html("<" + open + ">" + of(content).markup + "</" + name + ">");
    }

    /** A number, with all its digits for programs beside those that are shown. */
    static Html number(double value, String shown) {
        return element("data value=\"" + value + "\"", shown);
    }

    static Html number(long value) {
        return element("data value=\"" + value + "\"", Shown.count(value));
    }

    /** What neither HTML nor XML can hold, even escaped, is not allowed: a name with such a character must not break the picture. */
    private static boolean allowed(int c) {
        return c >= 0x20 && c < 0x7F || c == '\t' || c == '\n' || c == '\r' || c > 0x9F && c < 0xD800 || c >= 0xE000 && c < 0xFFFE || c > 0xFFFF;
    }
}
