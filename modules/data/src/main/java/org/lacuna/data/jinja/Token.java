package org.lacuna.data.jinja;

/**
 * A piece of a template.
 *
 * @param kind what it is
 * @param text a text's characters, a string's value, else how it is spelled
 * @param line where it begins, from 1
 */
record Token(Kind kind, String text, int line) {

    enum Kind {
        TEXT, BLOCK_BEGIN, BLOCK_END, VARIABLE_BEGIN, VARIABLE_END, NAME, STRING, INTEGER, FLOAT, OPERATOR, END
    }

    boolean is(Kind other, String spelled) {
        return kind == other && text.equals(spelled);
    }

    /** How a message calls it. */
    String described() {
        return switch (kind) {
            case TEXT -> "text";
            case STRING -> "a string";
            case BLOCK_END -> "%}";
            case VARIABLE_END -> "}}";
            case END -> "the end of the template";
            default -> "'" + text + "'";
        };
    }
}
