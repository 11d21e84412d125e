package org.lacuna.data.jinja;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * What a filter, test, function or method is called with.
 *
 * @param positional in their order
 * @param named      by their names
 */
record Arguments(List<Object> positional, Map<String, Object> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    /**
     * The arguments in the order of parameters.
     *
     * @param callee     for messages
     * @param parameters names; those that end in {@code ?} need not be given, and are null then
     */
    Object[] bind(String callee, String... parameters) {
        if (positional.size() > parameters.length) {
            throw new TemplateException(callee + " takes " + parameters.length + " arguments, not " + positional.size());
        }
        Object[] values = new Object[parameters.length];
        int used = positional.size();
        for (int i = 0; i < parameters.length; i++) {
            boolean optional = parameters[i].endsWith("?");
            String name = optional ? parameters[i].substring(0, parameters[i].length() - 1) : parameters[i];
            if (i < positional.size()) {
                values[i] = positional.get(i);
            } else if (named.containsKey(name)) {
                values[i] = named.get(name);
                used++;
            } else if (!optional) {
                throw new TemplateException(callee + " lacks its argument " + name);
            }
        }
        if (used != positional.size() + named.size()) {
            throw new TemplateException(callee + " has an argument that it does not know among " + named.keySet() + "; expected " + Arrays.toString(parameters));
        }
        return values;
    }

    /** As {@link #bind}, of texts. */
    String[] texts(String callee, String... parameters) {
        Object[] values = bind(callee, parameters);
        String[] texts = new String[values.length];
        for (int i = 0; i < values.length; i++) {
            texts[i] = values[i] == null ? null : Values.string(values[i], callee);
        }
        return texts;
    }
}
