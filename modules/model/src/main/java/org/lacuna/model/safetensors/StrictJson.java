package org.lacuna.model.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;

/**
 * One JSON object from a stranger, read token by token rather than into a tree, so that it costs no more memory than what
 * is kept of it. A key that occurs twice, nesting deeper than the formats here have, and bytes that are not UTF-8 are refused.
 */
final class StrictJson {
    /** A longer text is taken for a corrupt file. */
    static final int MAX_BYTES = 1 << 26;

    private static final int MAX_SHOWN = 300;

    /** Names are not kept in Jackson's table of names, which a stranger could fill, or choose collisions for. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(3).maxNumberLength(32).maxStringLength(1 << 22)
                    .maxDocumentLength(MAX_BYTES).build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();

    private StrictJson() {}

    /** Takes the fields of the object. */
    @FunctionalInterface
    interface Fields {
        /** Called for each field in turn, on the token with its name; leaves the parser on the last token of its value. */
        void read(String name, JsonParser parser) throws IOException;
    }

    /**
     * @param file for messages
     * @param what the object is, for messages: "the safetensors header"
     * @throws InputException if the text is not one JSON object
     * @throws IOException if the bytes can't be read
     */
    static void readObject(Path file, String what, InputStream bytes, Fields fields) throws IOException {
        try (JsonParser p = JSON.createParser(new InputStreamReader(bytes, StandardCharsets.UTF_8.newDecoder()))) {
            if (p.nextToken() != JsonToken.START_OBJECT) {
                throw new InputException(file + ": " + what + " is not a JSON object");
            }
            while (p.nextToken() == JsonToken.FIELD_NAME) {
                fields.read(p.currentName(), p);
            }
            if (p.nextToken() != null) {
                throw new InputException(file + ": " + what + " goes on after its closing brace");
            }
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": " + what + " is not UTF-8", e);
        } catch (JsonProcessingException e) {
            throw new InputException(file + ": " + what + " is not valid JSON: " + shown(Json.reason(e)), e);
        }
    }

    /** A stranger's text as a message may have it: not endless, and without what a terminal would obey. */
    static String shown(String text) {
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < text.length() && i < MAX_SHOWN; i++) {
            char c = text.charAt(i);
            shown.append(Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? '?' : c);
        }
        return text.length() > MAX_SHOWN ? shown + "…" : shown.toString();
    }
}
