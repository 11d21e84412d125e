package org.lacuna.eval.report;

import java.util.List;
import java.util.stream.Collectors;

/** A text in Markdown, line by line. */
final class Markdown {
    private final StringBuilder text = new StringBuilder();

    /** The heading of a table, and the line beneath it. */
    void head(List<String> cells) {
        row(cells);
        row(cells.stream().map(cell -> "---").toList());
    }

    void row(List<String> cells) {
        line("| " + cells.stream().map(Markdown::cell).collect(Collectors.joining(" | ")) + " |");
    }

    void line(String line) {
        text.append(line).append('\n');
    }

    private static String cell(String text) {
        return plain(text).replace("|", "\\|");
    }

    /** A text with a name from outside, a folder's say, which must neither end the line nor be taken for a page's markup. */
    static String plain(String text) {
        return text.replaceAll("\\R", " ").replace("<", "\\<");
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
