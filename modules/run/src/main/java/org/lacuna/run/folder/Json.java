package org.lacuna.run.folder;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.lacuna.run.InputException;

/** JSON as Lacuna reads and writes it: strict, and a double comes back to the same bits. */
public final class Json {
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .disable(JsonParser.Feature.INCLUDE_SOURCE_IN_LOCATION)
            .build();

    private Json() {}

    /** A new, empty object. */
    public static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /** One value on one line, without the line's end. A number that is not finite becomes a text ({@code "NaN"}). */
    public static String line(JsonNode json) {
        try {
            return MAPPER.writeValueAsString(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a JSON tree that can't be written", e);
        }
    }

    /**
     * Reads a text that is exactly one JSON value.
     *
     * @param where what to call the text in a message: a file, a file and line
     * @throws InputException if it is not JSON, names a key twice, or goes on after the value
     */
    public static JsonNode parse(String where, String text) {
        try {
            JsonNode json = MAPPER.readTree(text);
            if (json.isMissingNode()) {
                throw new InputException(where + ": is empty; expected JSON");
            }
            return json;
        } catch (JsonProcessingException e) {
            throw new InputException(where + ": not valid JSON: " + reason(e), e);
        }
    }

    /** What is wrong with a text that can't be read, and where in it: {@code column 5: found ]; expected a comma or }}. */
    public static String reason(JsonProcessingException e) {
        return JsonProblem.of(e);
    }

    /**
     * Reads a file that is exactly one JSON value.
     *
     * @throws InputException as {@link #parse} does, or if it is not UTF-8 text
     * @throws org.lacuna.run.RunException if the file system refuses
     */
    public static JsonNode read(Path file) {
        return parse(file.toString(), TextFile.read(file));
    }

    /** What {@code --json FILE} does: writes the file, or prints to {@code standardOutput} if FILE is {@code -}. */
    public static void write(String file, JsonNode json, PrintWriter standardOutput) {
        String text = json.toPrettyString() + "\n";
        if (file.equals("-")) {
            standardOutput.print(text);
            standardOutput.flush();
        } else {
            AtomicFiles.write(Path.of(file), text);
        }
    }
}
