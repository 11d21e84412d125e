package org.lacuna.model.safetensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;

/** Small files and tensors for tests. */
final class Stored {
    private Stored() {}

    /** A file with this header, as its own length says, and these bytes after it. */
    static byte[] file(byte[] json, byte[] data) {
        return file(json.length, json, data);
    }

    static byte[] file(long length, byte[] json, byte[] data) {
        return ByteBuffer.allocate(Long.BYTES + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN).putLong(length).put(json).put(data).array();
    }

    /** The same; the header has ' for ". */
    static byte[] file(String json, byte[] data) {
        return file(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), data);
    }

    /** A tensor whose element i is first + i. */
    static StoredOutput counting(String name, int first, long... shape) {
        return new StoredOutput(name, shape, (from, into) -> {
            while (into.hasRemaining()) {
                into.put(first + from++);
            }
        });
    }

    /** A tensor with these elements. */
    static StoredOutput of(String name, float... values) {
        return new StoredOutput(name, new long[] {values.length}, (from, into) -> into.put(values, (int) from, into.remaining()));
    }

    /** All elements, {@code piece} at a time. */
    static float[] floats(StoredWeights weights, String name, int piece) {
        float[] values = new float[(int) weights.tensors().get(name).length()];
        for (int from = 0; from < values.length; from += piece) {
            weights.read(name, from, FloatBuffer.wrap(values, from, Math.min(piece, values.length - from)));
        }
        return values;
    }
}
