package org.lacuna.data.task;

import java.util.Map;

/**
 * A document as it was read.
 *
 * @param where  its file and line
 * @param file   its file; empty where it is of none
 * @param fields its values as a template sees them
 */
record Source(String where, String file, Map<String, Object> fields) {

    /** Its file's name without the folder and the endings; what is neither letter nor digit is _. */
    String fileName() {
        return file.replaceFirst(".*[/\\\\]", "").replaceFirst("\\..*", "").replaceAll("[^\\p{L}\\p{N}_-]", "_");
    }

    /** The names of its fields, for a message. */
    String names() {
        if (fields.isEmpty()) {
            return "it has no fields";
        }
        String names = String.join(", ", fields.keySet());
        return "its fields are " + (names.length() > 300 ? names.substring(0, 300) + "…" : names);
    }
}
