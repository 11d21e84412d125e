package org.lacuna.data.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;

/** JSON lines: each line that is not blank is an object, and one of its fields, a string, is a document. */
final class JsonLines implements Documents.InFile {

    private static final int MOST_NAMES = 20;
    private static final int MOST_OF_A_NAME = 40;

    private final String field;
    private final JsonFactory json;
    private final Lines lines;

    JsonLines(SourceFile file, String field, int largest) {
        this.field = field;
        this.json = JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(largest).build())
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .build();
        this.lines = new Lines(file, largest);
    }

    @Override
    public Document next() {
        return lines.next() ? Documents.held(text()) : null;
    }

    @Override
    public long position() {
        return lines.position();
    }

    @Override
    public void close() {
        lines.close();
    }

    private String where() {
        return lines.where();
    }

    private String text() {
        lines.checkUtf8();
        try (JsonParser parser = json.createParser(lines.bytes(), 0, lines.length())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new InputException(where() + ": " + kind(parser.currentToken()) + "; expected a JSON object with the text in its field \"" + field + "\"");
            }
            String text = field(parser);
            if (parser.nextToken() != null) {
                throw new InputException(where() + ": goes on after the object; expected one JSON object a line");
            }
            checkPairs(text);
            return text;
        } catch (JsonProcessingException e) {
            throw new InputException(where() + ": not JSON: " + Json.reason(e) + "; expected an object with the text in its field \"" + field + "\"", e);
        } catch (IOException e) {
            throw SourceFile.unreadable(where(), e);
        }
    }

    private String field(JsonParser parser) throws IOException {
        String text = null;
        Set<String> others = new LinkedHashSet<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (!name.equals(field)) {
                if (others.size() < MOST_NAMES) {
                    others.add(name.length() > MOST_OF_A_NAME ? name.substring(0, MOST_OF_A_NAME) + "…" : name);
                }
                parser.skipChildren();
            } else if (value != JsonToken.VALUE_STRING) {
                throw new InputException(where() + ": field \"" + field + "\" is " + kind(value) + "; expected a string");
            } else if (text != null) {
                throw new InputException(where() + ": field \"" + field + "\" is there twice; expected it once");
            } else {
                text = parser.getText();
            }
        }
        if (text == null) {
            throw new InputException(where() + ": no field \"" + field + "\"; the fields there are: "
                    + (others.isEmpty() ? "none" : String.join(", ", others)) + " (data.field names the one that holds the text)");
        }
        return text;
    }

    private static String kind(JsonToken token) {
        return switch (token) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "an array";
            case VALUE_STRING -> "a string";
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "a number";
            case VALUE_TRUE, VALUE_FALSE -> "true or false";
            default -> "null";
        };
    }

    private void checkPairs(String text) {
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            if (Character.isSurrogate(unit)) {
                if (!Character.isHighSurrogate(unit) || i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    throw new InputException(String.format("%s: field \"%s\" holds half of a surrogate pair (\\u%04x), which is no character;"
                            + " remove it, or put \\ufffd in its place", where(), field, (int) unit));
                }
                i++;
            }
        }
    }
}
