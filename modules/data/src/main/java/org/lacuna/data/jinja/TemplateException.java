package org.lacuna.data.jinja;

/** A template can't be read, or can't be rendered with the values at hand. The message says why and, once known, in which line. */
public final class TemplateException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean placed;

    TemplateException(String reason) {
        super(reason);
        placed = false;
    }

    private TemplateException(int line, TemplateException cause) {
        super("line " + line + ": " + cause.getMessage(), cause);
        placed = true;
    }

    /** The same with the template's line, unless it has one. */
    TemplateException at(int line) {
        return placed ? this : new TemplateException(line, this);
    }
}
