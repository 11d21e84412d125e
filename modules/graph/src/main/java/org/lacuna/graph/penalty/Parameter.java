package org.lacuna.graph.penalty;

/**
 * A number that a penalty takes.
 *
 * @param name in recipes
 * @param doc what it does, in a line
 * @param def its value where a recipe says nothing
 * @param min the least it may be
 * @param max the most it may be
 * @param whole whether it must be a whole number
 */
public record Parameter(String name, String doc, double def, double min, double max, boolean whole) {

    /** Whether the parameter may have that value. */
    public boolean allows(double value) {
        return value >= min && value <= max && (!whole || value == Math.rint(value));
    }

    /** What it may be, for messages: "a whole number from 1 to 5", say. */
    public String range() {
        return (whole ? "a whole number from " : "a number from ") + text(min) + " to " + text(max);
    }

    private static String text(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e9 ? Long.toString((long) value) : Double.toString(value);
    }
}
