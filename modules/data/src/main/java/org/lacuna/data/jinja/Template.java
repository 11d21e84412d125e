package org.lacuna.data.jinja;

import java.util.Map;

/**
 * A template in the part of Jinja that chat templates use, rendered as Python's Jinja does in Hugging Face's settings ({@code trim_blocks},
 * {@code lstrip_blocks}, no escaping, immutable values). What is not supported is an error, never another text.
 */
public final class Template {
    private static final int LONGEST = 1 << 20;

    private final Statement body;

    private Template(Statement body) {
        this.body = body;
    }

    /**
     * Reads a template.
     *
     * @param source up to 1,048,576 characters
     * @return the template
     * @throws TemplateException when it is not one, or has a block that is not supported
     */
    public static Template parse(String source) {
        if (source.length() > LONGEST) {
            throw new TemplateException("has " + source.length() + " characters; expected at most " + LONGEST);
        }
        try {
            return new Template(StatementParser.parse(Lexer.tokens(source)));
        } catch (StackOverflowError e) {
            throw new TemplateException("is nested too deeply");
        }
    }

    /**
     * Renders it; it can't change the values.
     *
     * @param values by their names: null, Boolean, Long, Double, String, and Lists and Maps of those
     * @return the text
     * @throws TemplateException when the template refuses the values, takes more than 10 million steps or makes more than 67 million characters,
     *                           or does what is not supported
     */
    public String render(Map<String, ?> values) {
        return render(values, new Budget());
    }

    /**
     * Renders it as {@link #render} does, but a name or field that is not there may only be tested for: to print it, or go over it, is an error
     * (Jinja's {@code StrictUndefined}).
     *
     * @param values by their names
     * @return the text
     * @throws TemplateException as {@link #render} does, and where something is missing
     */
    public String renderStrictly(Map<String, ?> values) {
        return render(values, new Budget(true));
    }

    private String render(Map<String, ?> values, Budget budget) {
        Scope given = Scope.outermost(budget);
        Functions.define(given);
        values.forEach(given::set);
        Text out = new Text(budget);
        try {
            body.run(given.inner(), out);
        } catch (StackOverflowError e) {
            throw new TemplateException("calls itself, or nests values, too deeply");
        } catch (ArithmeticException e) {
            throw new TemplateException("a number is too large");
        }
        return out.toString();
    }
}
