package org.lacuna.data.task;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lacuna.data.jinja.Template;
import org.lacuna.data.jinja.TemplateException;
import org.lacuna.run.InputException;

/** What one key of a task file, such as {@code doc_to_text}, makes of a document. */
final class Fields {
    private final String key;
    private final String source;
    private final Template template;

    /**
     * Reads the text of a key.
     *
     * @param key    the key
     * @param source its text: a field's name, or a template
     * @param where  what a message calls the task file
     * @throws InputException if it can't be read
     */
    Fields(String key, String source, String where) {
        this.key = key;
        this.source = source;
        try {
            // The interpreter drops a line feed at the end, as chat templates have it; lm-evaluation-harness keeps it.
            template = Template.parse(source.endsWith("\n") ? source + "\n" : source);
        } catch (TemplateException e) {
            throw new InputException(where + ": " + key + ": can't be read: " + e.getMessage(), e);
        }
    }

    /**
     * Its value for a document: the field's where the text is a field's name, else what the template prints.
     *
     * @throws InputException if the template refuses the document; the message names its fields
     */
    Object of(Source document) {
        return document.fields().containsKey(source) ? document.fields().get(source) : printed(document);
    }

    private String printed(Source document) {
        try {
            return template.renderStrictly(document.fields());
        } catch (TemplateException e) {
            throw new InputException(document.where() + ": " + key + ": " + e.getMessage() + "; " + document.names(), e);
        }
    }

    /** Its value as a text. */
    String text(Source document) {
        Object value = of(document);
        if (value instanceof String text) {
            return text;
        }
        if (value instanceof Long number) {
            return number.toString();
        }
        throw refused(document, "is " + kind(value) + ", not a text");
    }

    /** Its value as a number, where it prints digits alone. */
    Optional<Integer> number(Source document) {
        Object value = of(document);
        if (value instanceof Boolean truth) {
            return Optional.of(truth ? 1 : 0);
        }
        String digits = value instanceof Long number ? number.toString() : value instanceof String text && !document.fields().containsKey(source) ? text : "";
        return digits.matches("\\d{1,9}") ? Optional.of(Integer.parseInt(digits)) : Optional.empty();
    }

    /** Its value as a list, Strings and Longs among others, where it is one or prints one. */
    Optional<List<Object>> list(Source document) {
        Object value = of(document);
        if (value instanceof List<?> list) {
            return Optional.of(Collections.unmodifiableList(list));
        }
        return value instanceof String text && !document.fields().containsKey(source) ? Literal.list(text) : Optional.empty();
    }

    /** What to say of a value that is none. */
    InputException refused(Source document, String problem) {
        return new InputException(document.where() + ": " + key + ": " + problem + "; " + document.names());
    }

    static String kind(Object value) {
        return value == null ? "null" : value instanceof String ? "a text" : value instanceof List ? "a list" : value instanceof Map ? "an object"
                : value instanceof Boolean ? "true or false" : "a number";
    }
}
