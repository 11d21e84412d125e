package org.lacuna.model.safetensors;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lacuna.run.InputException;

/**
 * What the JSON at the start of a safetensors file says, checked: names, types, shapes and offsets agree with one another
 * and with the file's size, and the tensors fill the rest of the file without a gap.
 *
 * @param metadata the file's own key-value pairs
 * @param tensors by name, in the order in which they lie in the file
 */
record Header(Map<String, String> metadata, Map<String, StoredTensor> tensors) {
    private static final int MAX_NAME = 1024;
    private static final int MAX_DIMENSIONS = 16;

    /**
     * @param file for messages
     * @param json the header's bytes
     * @param dataBytes how many bytes the file has after the header
     * @throws InputException naming file, tensor and what is wrong
     */
    static Header parse(Path file, byte[] json, long dataBytes) {
        if (json.length == 0 || json[0] != '{') {
            throw new InputException(file + ": not a safetensors file: its header does not begin with '{'");
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        List<StoredTensor> tensors = new ArrayList<>();
        try {
            StrictJson.readObject(file, "the safetensors header", new ByteArrayInputStream(json), (name, p) -> {
                if (name.equals("__metadata__")) {
                    readMetadata(file, p, metadata);
                } else {
                    tensors.add(readTensor(file, p, name));
                }
            });
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory", e);
        }
        return new Header(metadata, inFileOrder(file, tensors, dataBytes));
    }

    /** Refuses what no tensor is called. */
    static void checkName(Path file, String name) {
        if (name.isEmpty() || name.length() > MAX_NAME || name.chars().anyMatch(Character::isISOControl)) {
            throw new InputException(file + ": a tensor's name is empty, longer than " + MAX_NAME + " characters or has control characters in it");
        }
    }

    private static void readMetadata(Path file, JsonParser p, Map<String, String> metadata) throws IOException {
        if (p.nextToken() != JsonToken.START_OBJECT) {
            throw new InputException(file + ": __metadata__ is not an object of strings");
        }
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            String key = p.currentName();
            if (p.nextToken() != JsonToken.VALUE_STRING) {
                throw new InputException(file + ": __metadata__." + StrictJson.shown(key) + " is not a string");
            }
            metadata.put(key, p.getText());
        }
    }

    private static StoredTensor readTensor(Path file, JsonParser p, String name) throws IOException {
        checkName(file, name);
        String where = file + ": tensor " + name;
        StoredType type = null;
        long[] shape = null;
        long[] offsets = null;
        if (p.nextToken() != JsonToken.START_OBJECT) {
            throw new InputException(where + " is not an object with dtype, shape and data_offsets");
        }
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            String key = p.currentName();
            switch (key) {
                case "dtype" -> type = readType(where, p);
                case "shape" -> shape = readNumbers(where + ": shape", p);
                case "data_offsets" -> offsets = readNumbers(where + ": data_offsets", p);
                default -> throw new InputException(where + ": unknown key " + StrictJson.shown(key));
            }
        }
        if (type == null || shape == null || offsets == null) {
            throw new InputException(where + ": one of dtype, shape, data_offsets is missing");
        }
        if (offsets.length != 2 || offsets[0] > offsets[1]) {
            throw new InputException(where + ": data_offsets is " + Arrays.toString(offsets) + ", not [begin, end] with begin ≤ end");
        }
        long bytes = type.bytes();
        try {
            for (long d : shape) {
                bytes = Math.multiplyExact(bytes, d);
            }
        } catch (ArithmeticException e) {
            throw new InputException(where + ": shape " + Arrays.toString(shape) + " has more than 2^63 bytes", e);
        }
        if (offsets[1] - offsets[0] != bytes) {
            throw new InputException(where + ": data_offsets " + Arrays.toString(offsets) + " are " + (offsets[1] - offsets[0]) + " bytes, "
                    + type + Arrays.toString(shape) + " needs " + bytes);
        }
        return new StoredTensor(name, type, shape, offsets[0], offsets[1]);
    }

    private static StoredType readType(String where, JsonParser p) throws IOException {
        if (p.nextToken() == JsonToken.VALUE_STRING) {
            for (StoredType type : StoredType.values()) {
                if (type.name().equals(p.getText())) {
                    return type;
                }
            }
        }
        String found = p.currentToken().isStructStart() ? "an object or array" : StrictJson.shown(p.getText());
        throw new InputException(where + ": dtype is " + found + ", not one of " + StoredType.names());
    }

    private static long[] readNumbers(String where, JsonParser p) throws IOException {
        if (p.nextToken() != JsonToken.START_ARRAY) {
            throw new InputException(where + " is not an array");
        }
        long[] numbers = new long[MAX_DIMENSIONS];
        int n = 0;
        while (p.nextToken() != JsonToken.END_ARRAY) {
            boolean integer = p.currentToken() == JsonToken.VALUE_NUMBER_INT && p.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
            if (!integer || p.getLongValue() < 0) {
                throw new InputException(where + " holds something other than whole numbers from 0 to 2^63 - 1");
            }
            if (n == MAX_DIMENSIONS) {
                throw new InputException(where + " has more than " + MAX_DIMENSIONS + " numbers");
            }
            numbers[n++] = p.getLongValue();
        }
        return Arrays.copyOf(numbers, n);
    }

    private static Map<String, StoredTensor> inFileOrder(Path file, List<StoredTensor> tensors, long dataBytes) {
        tensors.sort(Comparator.comparingLong(StoredTensor::begin).thenComparingLong(StoredTensor::end));
        Map<String, StoredTensor> result = new LinkedHashMap<>();
        long next = 0;
        String before = "the header";
        for (StoredTensor t : tensors) {
            String where = file + ": tensor " + t.name();
            if (t.end() > dataBytes) {
                throw new InputException(where + ": data_offsets end at " + t.end() + ", the file has only " + dataBytes + " bytes of data and may be truncated");
            }
            if (t.begin() < next) {
                throw new InputException(where + " begins at " + t.begin() + " and overlaps with " + before + ", which ends at " + next);
            }
            if (t.begin() > next) {
                throw new InputException(where + " begins at " + t.begin() + ", " + (t.begin() - next) + " bytes after " + before + " ends; the format allows no gap");
            }
            result.put(t.name(), t);
            next = t.end();
            before = "tensor " + t.name();
        }
        if (next != dataBytes) {
            throw new InputException(file + ": " + (dataBytes - next) + " bytes after the last tensor belong to none");
        }
        return result;
    }
}
