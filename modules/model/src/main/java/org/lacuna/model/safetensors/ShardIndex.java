package org.lacuna.model.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;

/**
 * The index beside weights in several files: which tensor is in which. Only {@code weight_map} is believed, and that only
 * after {@link StoredWeights} has compared it with the files. {@code metadata.total_size} is not: published ones are wrong
 * now and then, and nothing depends on it.
 */
final class ShardIndex {
    /** More files than a model has: some 100 are the most that are published. */
    static final int MAX_SHARDS = 10_000;

    private static final String WEIGHT_MAP = "weight_map";
    private static final int MAX_TENSORS = 1 << 20;

    private ShardIndex() {}

    /**
     * The file's name of each tensor, in the order of the index; nothing is known of the names yet.
     *
     * @throws InputException if the file is too large, or is not such an index
     */
    static Map<String, String> read(Path file) {
        Map<String, String> shardOf = new LinkedHashMap<>();
        try {
            if (!Files.isRegularFile(file)) {
                throw new InputException(file + " is not a file");
            }
            long size = Files.size(file);
            if (size > StrictJson.MAX_BYTES) {
                throw new InputException(file + ": has " + size + " bytes; an index of shards has at most " + StrictJson.MAX_BYTES);
            }
            try (InputStream bytes = Files.newInputStream(file)) {
                StrictJson.readObject(file, "the index of shards", bytes, (name, p) -> {
                    if (name.equals(WEIGHT_MAP)) {
                        readMap(file, p, shardOf);
                    } else {
                        p.nextToken();
                        p.skipChildren();
                    }
                });
            }
        } catch (IOException e) {
            throw new RunException("can't read " + file + ": " + e, e);
        }
        if (shardOf.isEmpty()) {
            throw new InputException(file + ": " + WEIGHT_MAP + " is missing or empty; expected the file's name of each tensor");
        }
        return shardOf;
    }

    private static void readMap(Path file, JsonParser p, Map<String, String> shardOf) throws IOException {
        if (p.nextToken() != JsonToken.START_OBJECT) {
            throw new InputException(file + ": " + WEIGHT_MAP + " is not an object");
        }
        Map<String, String> shards = new HashMap<>();
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            String tensor = p.currentName();
            Header.checkName(file, tensor);
            if (p.nextToken() != JsonToken.VALUE_STRING) {
                throw new InputException(file + ": " + WEIGHT_MAP + ": the file of tensor " + tensor + " is not a string");
            }
            shardOf.put(tensor, shards.computeIfAbsent(p.getText(), shard -> shard));
            if (shards.size() > MAX_SHARDS || shardOf.size() > MAX_TENSORS) {
                throw new InputException(file + ": " + WEIGHT_MAP + " names more than " + MAX_SHARDS + " files or " + MAX_TENSORS + " tensors");
            }
        }
    }

    /**
     * Writes an index, byte for byte as transformers does.
     *
     * @param parameters how many elements the tensors have in all
     * @param bytes how many bytes they take in all
     */
    static void write(OutputStream out, long parameters, long bytes, SortedMap<String, String> shardOf) throws IOException {
        DefaultPrettyPrinter layout = new DefaultPrettyPrinter(Separators.createDefaultInstance().withObjectFieldValueSpacing(Separators.Spacing.AFTER))
                .withObjectIndenter(new DefaultIndenter("  ", "\n"));
        try (JsonGenerator json = new JsonFactory().createGenerator(out).setPrettyPrinter(layout)) {
            json.writeStartObject();
            json.writeObjectFieldStart("metadata");
            json.writeNumberField("total_parameters", parameters);
            json.writeNumberField("total_size", bytes);
            json.writeEndObject();
            json.writeObjectFieldStart(WEIGHT_MAP);
            for (Map.Entry<String, String> e : shardOf.entrySet()) {
                json.writeStringField(e.getKey(), e.getValue());
            }
            json.writeEndObject();
            json.writeEndObject();
            json.writeRaw('\n');
        }
    }
}
