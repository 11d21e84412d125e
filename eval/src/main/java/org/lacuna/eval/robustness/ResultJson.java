package org.lacuna.eval.robustness;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.cfg.EnumFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;

/**
 * Result records as JSON: a component's name in snake case is the key, what is unknown is {@code null}, enums are in lower case, a number that
 * is not finite is a text ({@code "NaN"}). Doubles come back to the same bits, so a record that is read equals the one that was written.
 */
public final class ResultJson {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .addModule(new Jdk8Module())
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            // Components only: a record's other methods without parameters are no part of it.
            .visibility(PropertyAccessor.GETTER, JsonAutoDetect.Visibility.NONE)
            .visibility(PropertyAccessor.IS_GETTER, JsonAutoDetect.Visibility.NONE)
            .visibility(PropertyAccessor.FIELD, JsonAutoDetect.Visibility.ANY)
            .serializationInclusion(JsonInclude.Include.ALWAYS)
            .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .build();

    private ResultJson() {
    }

    /** The record as a tree. */
    public static JsonNode tree(Record result) {
        return MAPPER.valueToTree(result);
    }

    /** The record as the text of a file. */
    public static String text(Record result) {
        return tree(result).toPrettyString() + "\n";
    }

    /**
     * Reads a record from a file.
     *
     * @param version the format's version that is expected at the key {@code version}
     * @throws InputException if there is no such file, or it holds something else; the message names the file and the key
     */
    public static <T extends Record> T read(Path file, Class<T> type, int version) {
        if (!Files.isRegularFile(file)) {
            throw new InputException(file + ": no such file; expected what eval or compare wrote");
        }
        JsonNode json = Json.read(file);
        JsonNode found = json.path("version");
        if (!found.isInt() || found.asInt() != version) {
            throw new InputException(file + ": version is " + (found.isMissingNode() ? "missing" : found) + ", this build reads "
                    + version + "; measure again with it");
        }
        try {
            return MAPPER.treeToValue(json, type);
        } catch (JsonProcessingException e) {
            throw new InputException(file + ": not what eval or compare writes: " + Json.reason(e), e);
        }
    }
}
