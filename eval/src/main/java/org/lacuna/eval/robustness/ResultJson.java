package org.lacuna.eval.robustness;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.cfg.EnumFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;

/**
 * Result records as JSON: a component's name in snake case is the key, what is unknown is {@code null}, enums are in lower case, a number that
 * is not finite is a text ({@code "NaN"}). Doubles come back to the same bits, so a record that is read equals the one that was written.
 */
public final class ResultJson {
    private static final String VERSION = "version";
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
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .withCoercionConfigDefaults(coercions -> coercions.setCoercion(CoercionInputShape.EmptyString, CoercionAction.Fail))
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

    /** The key of a null that is an element of a list of numbers or records; a null that is a component's is what is unknown. */
    private static Optional<String> nullInList(String key, JsonNode json) {
        for (int i = 0; i < json.size() && json.isArray(); i++) {
            Optional<String> found = json.get(i).isNull() ? Optional.of(key + i) : nullInList(key + i + "/", json.get(i));
            if (found.isPresent()) {
                return found;
            }
        }
        return json.properties().stream().filter(field -> !field.getKey().equals("provenance")).map(field -> nullInList(key + field.getKey() + "/", field.getValue()))
                .flatMap(Optional::stream).findFirst();
    }

    /**
     * The same as {@link #read} of a file that another build may have written.
     *
     * @return empty if it says that it is of another version
     * @throws InputException if it is no such record
     */
    public static <T extends Record> Optional<T> readOfVersion(Path file, Class<T> type, int version) {
        JsonNode json = Json.read(file);
        return version(json).orElse(version) == version ? Optional.of(read(file, json, type, version)) : Optional.empty();
    }

    private static OptionalInt version(JsonNode json) {
        JsonNode found = json.path(VERSION);
        return found.isInt() ? OptionalInt.of(found.asInt()) : OptionalInt.empty();
    }

    /**
     * Reads a record from a file.
     *
     * @param version the format's version that is expected at the key {@code version}
     * @throws InputException if there is no such file, or it holds something else or numbers that no measurement gives; the message names the file and the key
     */
    public static <T extends Record> T read(Path file, Class<T> type, int version) {
        if (!Files.isRegularFile(file)) {
            throw new InputException(file + ": no such file; expected what eval or compare wrote");
        }
        return read(file, Json.read(file), type, version);
    }

    private static <T extends Record> T read(Path file, JsonNode json, Class<T> type, int version) {
        if (!version(json).equals(OptionalInt.of(version))) {
            JsonNode found = json.path(VERSION);
            throw new InputException(file + ": version is " + (found.isMissingNode() ? "missing" : found) + ", this build reads "
                    + version + "; measure again with it");
        }
        nullInList("", json).ifPresent(key -> {
            throw new InputException(file + ": not what eval or compare writes: " + key + " is null");
        });
        T read;
        try {
            read = MAPPER.treeToValue(json, type);
        } catch (JsonMappingException e) {
            String key = e.getPath().stream().map(part -> part.getFieldName() == null ? Integer.toString(part.getIndex()) : part.getFieldName()).collect(Collectors.joining("/"));
            throw new InputException(file + ": not what eval or compare writes: " + (key.isEmpty() ? "" : key + ": ") + Json.reason(e), e);
        } catch (JsonProcessingException e) {
            throw new InputException(file + ": not what eval or compare writes: " + Json.reason(e), e);
        }
        List<String> problems = read instanceof RobustnessResult result ? ResultProblems.of(result) : List.of();
        if (!problems.isEmpty()) {
            throw new InputException(problems.stream().map(problem -> file + ": not what eval writes: " + problem).toList());
        }
        return read;
    }
}
