package org.lacuna.data.instruct;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A turn of a conversation.
 *
 * @param role    one of {@link #ROLES}
 * @param content what is said
 */
public record Message(String role, String content) {
    /** Who can speak. */
    public static final List<String> ROLES = List.of("system", "user", "assistant");

    /**
     * Whether the model says it.
     *
     * @return true if it is to be learned
     */
    public boolean isAnswer() {
        return role.equals("assistant");
    }

    /** As a template sees it. */
    Map<String, Object> values() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("role", role);
        values.put("content", content);
        return values;
    }
}
