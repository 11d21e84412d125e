package org.lacuna.data.task;

import java.util.Map;

/**
 * A document as it was read.
 *
 * @param where  its file and line
 * @param fields its values as a template sees them
 */
record Source(String where, Map<String, Object> fields) {

    /** The names of its fields, for a message. */
    String names() {
        if (fields.isEmpty()) {
            return "it has no fields";
        }
        String names = String.join(", ", fields.keySet());
        return "its fields are " + (names.length() > 300 ? names.substring(0, 300) + "…" : names);
    }
}
