package org.lacuna.data.instruct;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.lacuna.run.InputException;

/** One line of instruction data. */
sealed interface Instruction {

    /** What decides which part it belongs to: the same for the same words, whatever the line's other fields. */
    String identity();

    /** A text to go on with, and how it goes on. */
    record Completion(String prompt, String completion) implements Instruction {
        @Override
        public String identity() {
            return prompt + "\0" + completion;
        }
    }

    /** A conversation with at least one answer. */
    record Conversation(List<Message> messages) implements Instruction {
        @Override
        public String identity() {
            StringBuilder identity = new StringBuilder();
            messages.forEach(message -> identity.append(message.role()).append('\0').append(message.content()).append('\0'));
            return identity.toString();
        }
    }

    /**
     * Reads a line's object; fields of other names are passed over.
     *
     * @param line  the object
     * @param where what a message calls the line
     * @throws InputException when it is neither form, or both
     */
    static Instruction of(JsonNode line, String where) {
        boolean conversation = line.has("messages");
        boolean completion = line.has("prompt") || line.has("completion");
        if (!line.isObject() || conversation == completion) {
            throw new InputException(where + ": " + (!line.isObject() ? "is no JSON object" : conversation ? "has messages, and a prompt or completion too"
                    : "has neither messages nor prompt and completion") + "; expected {\"prompt\": …, \"completion\": …} or {\"messages\": […]}");
        }
        return conversation ? conversation(line.get("messages"), where) : new Completion(text(line, "prompt", where), text(line, "completion", where));
    }

    private static Conversation conversation(JsonNode messages, String where) {
        if (!messages.isArray()) {
            throw new InputException(where + ": messages is not a list; expected [{\"role\": …, \"content\": …}, …]");
        }
        List<Message> read = new ArrayList<>();
        for (JsonNode message : messages) {
            read.add(message(message, where + ": message " + (read.size() + 1)));
        }
        if (read.stream().noneMatch(Message::isAnswer)) {
            throw new InputException(where + ": has no message of the assistant, so nothing in it would be learned");
        }
        return new Conversation(List.copyOf(read));
    }

    private static Message message(JsonNode message, String where) {
        String role = text(message, "role", where);
        if (!Message.ROLES.contains(role)) {
            throw new InputException(where + ": its role is \"" + shortened(role) + "\"; expected one of " + String.join(", ", Message.ROLES));
        }
        String content = text(message, "content", where);
        for (Iterator<Map.Entry<String, JsonNode>> fields = message.fields(); fields.hasNext();) {
            Map.Entry<String, JsonNode> field = fields.next();
            if (!List.of("role", "content").contains(field.getKey()) && !field.getValue().isNull()) {
                throw new InputException(where + ": has a field \"" + shortened(field.getKey()) + "\"; expected role and content only, so remove it, or the example");
            }
        }
        return new Message(role, content);
    }

    private static String text(JsonNode object, String field, String where) {
        JsonNode value = object.path(field);
        if (!value.isTextual()) {
            throw new InputException(where + ": " + (value.isMissingNode() ? "has no \"" + field + "\"" : "its \"" + field + "\" is no string") + "; expected a string");
        }
        return value.asText();
    }

    private static String shortened(String text) {
        return text.length() > 40 ? text.substring(0, 40) + "…" : text;
    }
}
