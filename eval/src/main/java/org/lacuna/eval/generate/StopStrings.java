package org.lacuna.eval.generate;

import java.util.List;

/**
 * Text as it comes, up to the first of some strings. What may be the beginning of one is held back until it is known not to be.
 */
public final class StopStrings {
    private final List<String> stops;
    private String held = "";
    private boolean found;

    /**
     * Nothing yet.
     *
     * @param stops strings that end the text, none of them empty
     */
    public StopStrings(List<String> stops) {
        if (stops.contains("")) {
            throw new IllegalArgumentException("a string that ends a text is not empty");
        }
        this.stops = List.copyOf(stops);
    }

    /** What can be shown now that this text came: all before the first of the strings, which is not shown itself. */
    public String add(String text) {
        if (found) {
            return "";
        }
        String all = held + text;
        int end = stops.stream().mapToInt(all::indexOf).filter(at -> at >= 0).min().orElse(-1);
        if (end >= 0) {
            found = true;
            held = "";
            return all.substring(0, end);
        }
        int keep = stops.stream().mapToInt(stop -> begun(all, stop)).max().orElse(0);
        held = all.substring(all.length() - keep);
        return all.substring(0, all.length() - keep);
    }

    /** How many characters at the end of the text are the beginning of the string, at most. */
    private static int begun(String text, String stop) {
        int length = Math.min(text.length(), stop.length() - 1);
        while (length > 0 && !text.regionMatches(text.length() - length, stop, 0, length)) {
            length--;
        }
        return length;
    }

    /** Whether one of the strings came. */
    public boolean found() {
        return found;
    }

    /** What is left when no text comes any more. */
    public String end() {
        String rest = held;
        held = "";
        return rest;
    }
}
