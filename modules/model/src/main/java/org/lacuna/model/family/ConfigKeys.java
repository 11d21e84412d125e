package org.lacuna.model.family;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.lacuna.graph.activation.Activations;
import org.lacuna.model.config.FeedForward;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.Json;

/**
 * The keys of a JSON object of unknown origin, read with their types. What is wrong is collected, so that all of it can be
 * reported at once; the value returned in its place means nothing. A key that is null counts as absent.
 */
final class ConfigKeys {
    private static final int MOST_OBJECTS = 100;

    private static final int MAX_BYTES = 1 << 20;

    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(20).maxNumberLength(100).build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build()).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final String prefix;
    private final JsonNode node;
    private final List<String> problems;
    /** Keys that nobody asked for yet, of this object and of those that were read in it. */
    private final Set<String> unread;
    /** The objects whose keys were put there. */
    private final Set<String> opened;
    private final String path;

    private ConfigKeys(String prefix, String path, JsonNode node, List<String> problems, Set<String> unread, Set<String> opened) {
        this.prefix = prefix;
        this.path = path;
        this.node = node;
        this.problems = problems;
        this.unread = unread;
        this.opened = opened;
        if (opened.add(path)) {
            node.fields().forEachRemaining(e -> {
                if (!e.getValue().isNull()) {
                    unread.add(path + e.getKey());
                }
            });
        }
    }

    static ConfigKeys read(Path file) {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_BYTES + 1);
        } catch (NoSuchFileException e) {
            throw new InputException("there is no file " + file, e);
        } catch (IOException e) {
            throw new RunException("can't read " + file + ": " + e, e);
        }
        if (bytes.length > MAX_BYTES) {
            throw new InputException(file + ": longer than " + MAX_BYTES + " bytes, so it is no model config");
        }
        try {
            JsonNode node = JSON.readTree(bytes);
            if (!node.isObject()) {
                throw new InputException(file + ": not a JSON object");
            }
            return new ConfigKeys(file + ": ", "", node, new ArrayList<>(), new TreeSet<>(), new HashSet<>());
        } catch (JsonProcessingException e) {
            throw new InputException(file + ": not valid JSON: " + Json.reason(e), e);
        } catch (IOException e) {
            throw new InputException(file + ": not valid JSON: " + e.getMessage(), e);
        }
    }

    /** Notes what is wrong with {@code key}. */
    void problem(String key, String problem) {
        problems.add(prefix + key + " " + problem);
    }

    void throwIfProblems() {
        if (!problems.isEmpty()) {
            throw new InputException(problems);
        }
    }

    boolean has(String key) {
        unread.remove(path + key);
        return node.hasNonNull(key);
    }

    /** Whether a key is not there at all; one that is null says that there is none of it. */
    boolean absent(String key) {
        unread.remove(path + key);
        return !node.has(key);
    }

    /** The keys that nobody asked for, by name; null ones are not among them. */
    Set<String> unread() {
        return Collections.unmodifiableSet(unread);
    }

    void mustBeAbsent(String key, String why) {
        if (has(key)) {
            problem(key, why);
        }
    }

    /** Refuses a flag that says something else than what Lacuna computes. */
    void mustBe(String key, boolean only, String why) {
        if (flag(key, only) != only) {
            problem(key, "is " + !only + "; " + why);
        }
    }

    /** Refuses a number that says something else than what Lacuna computes. */
    void mustBe(String key, double only, String why) {
        if (number(key, only) != only) {
            problem(key, "is " + shortened(node.get(key)) + "; " + why);
        }
    }

    /** The object at {@code key}, empty where there is none. */
    ConfigKeys object(String key) {
        JsonNode value = node.path(key);
        if (has(key) && !value.isObject()) {
            problem(key, "is " + value + ", not an object");
        }
        return new ConfigKeys(prefix + key + ".", path + key + ".", value.isObject() ? value : MissingNode.getInstance(), problems, unread, opened);
    }

    String text(String key, String absent) {
        if (!has(key)) {
            return absent;
        }
        if (!node.get(key).isTextual()) {
            problem(key, "is " + shortened(node.get(key)) + ", not a string");
        }
        return node.get(key).asText();
    }

    boolean flag(String key, boolean absent) {
        if (!has(key)) {
            return absent;
        }
        if (!node.get(key).isBoolean()) {
            problem(key, "is " + shortened(node.get(key)) + ", not true or false");
        }
        return node.get(key).asBoolean();
    }

    int integer(String key) {
        if (!has(key)) {
            problem(key, "is missing");
        }
        return integer(key, 1);
    }

    int integer(String key, int absent) {
        return has(key) ? integer(key, node.get(key)) : absent;
    }

    private int integer(String key, JsonNode value) {
        if (!value.isIntegralNumber() || !value.canConvertToInt()) {
            problem(key, "is " + shortened(value) + ", not a whole number of 32 bits");
            return 1;
        }
        return value.intValue();
    }

    /** A whole number or an array of them; empty where there is none. */
    List<Integer> integers(String key) {
        List<Integer> values = new ArrayList<>();
        if (has(key)) {
            JsonNode value = node.get(key);
            if (value.isArray()) {
                value.forEach(v -> values.add(integer(key, v)));
            } else {
                values.add(integer(key, value));
            }
        }
        return values;
    }

    double number(String key) {
        if (!has(key)) {
            problem(key, "is missing");
        }
        return number(key, 1);
    }

    double number(String key, double absent) {
        if (!has(key)) {
            return absent;
        }
        JsonNode value = node.get(key);
        if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
            problem(key, "is " + shortened(value) + ", not a finite number");
            return absent;
        }
        return value.doubleValue();
    }

    /** The numbers of the array at {@code key}; empty where there is none. */
    List<Double> numbers(String key) {
        List<Double> values = new ArrayList<>();
        if (has(key)) {
            JsonNode array = node.get(key);
            boolean all = array.isArray();
            for (JsonNode value : array) {
                all &= value.isNumber() && Double.isFinite(value.doubleValue());
                values.add(value.doubleValue());
            }
            if (!all) {
                problem(key, "is " + shortened(array) + ", not an array of finite numbers");
            }
        }
        return values;
    }

    /** The objects of an array, at most a hundred; none where the key is absent. */
    List<JsonNode> objects(String key) {
        List<JsonNode> values = new ArrayList<>();
        if (has(key)) {
            JsonNode array = node.get(key);
            boolean all = array.isArray() && array.size() <= MOST_OBJECTS;
            if (all) {
                array.forEach(values::add);
            }
            if (!all || !values.stream().allMatch(JsonNode::isObject)) {
                problem(key, "is " + shortened(array) + ", not an array of objects");
                return List.of();
            }
        }
        return values;
    }

    /**
     * A token's id; empty where there is none.
     *
     * @param absent what transformers takes where the key is absent, if it takes one; a vocabulary without that id has none
     */
    OptionalInt token(String key, OptionalInt absent, int vocabulary) {
        if (absent(key)) {
            return absent.stream().filter(id -> id < vocabulary).mapToObj(OptionalInt::of).findFirst().orElse(OptionalInt.empty());
        }
        return has(key) ? OptionalInt.of(integer(key, 0)) : OptionalInt.empty();
    }

    /** Tokens' ids, one or several, as {@link #token}. */
    List<Integer> tokens(String key, OptionalInt absent, int vocabulary) {
        return absent(key) ? token(key, absent, vocabulary).stream().boxed().toList() : integers(key);
    }

    /** The size of a head, where no key says it: {@code hidden} / {@code heads}. */
    int headSize(String hiddenKey, int hidden, String headsKey, int heads) {
        if (heads > 0 && hidden % heads != 0) {
            problem(headsKey, "is " + heads + ", which does not divide the " + hidden + " of " + hiddenKey);
        }
        return heads <= 0 ? 0 : hidden / heads;
    }

    /** Our name for the activation at {@code key}; a name that nobody knows stays, for the check to refuse. */
    String activation(String key, String absent) {
        String name = text(key, absent);
        if (name.equals(HuggingFaceConfig.LINEAR)) {
            return FeedForward.IDENTITY;
        }
        try {
            return Activations.byName(name).name();
        } catch (IllegalArgumentException e) {
            return name;
        }
    }

    /** The strings of the array at {@code key}; empty where there is none. */
    List<String> texts(String key) {
        List<String> values = new ArrayList<>();
        if (has(key)) {
            if (!node.get(key).isArray()) {
                problem(key, "is " + shortened(node.get(key)) + ", not an array");
            }
            node.get(key).forEach(v -> values.add(v.asText()));
        }
        return values;
    }

    private static String shortened(JsonNode value) {
        String text = value.toString();
        return text.length() <= 60 ? text : text.substring(0, 60) + "…";
    }
}
