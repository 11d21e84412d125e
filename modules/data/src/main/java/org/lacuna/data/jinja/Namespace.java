package org.lacuna.data.jinja;

import java.util.HashMap;
import java.util.Map;

/** The one value whose attributes a template can set. */
final class Namespace {
    private final Map<String, Object> attributes = new HashMap<>();

    Namespace(Map<?, ?> first) {
        first.forEach((name, value) -> attributes.put(String.valueOf(name), value));
    }

    Object get(String name) {
        return attributes.containsKey(name) ? attributes.get(name) : new Undefined("'" + name + "' of a namespace");
    }

    void set(String name, Object value) {
        attributes.put(name, value);
    }
}
