package org.lacuna.model.safetensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A piece of a tensor on its way between a file and memory: the same elements as stored and as floats. */
final class Chunk {
    /** Elements; the buffers stay within a core's cache. */
    private static final int MOST = 1 << 16;

    private final StoredType type;
    private final ByteBuffer bytes;
    private final float[] floats;
    private final short[] halves;

    /**
     * @param type F32, F16 or BF16
     * @param elements how many are to pass through it in all; it holds no more
     */
    Chunk(StoredType type, long elements) {
        int n = (int) Math.min(elements, MOST);
        this.type = type;
        this.bytes = ByteBuffer.allocate(n * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        this.floats = new float[n];
        this.halves = type == StoredType.F32 ? null : new short[n];
    }

    /** The most elements that it takes at once. */
    int capacity() {
        return floats.length;
    }

    /** The place of the first {@code n} elements as stored. */
    ByteBuffer bytes(int n) {
        return bytes.clear().limit(n * type.bytes());
    }

    /** The elements as floats. */
    float[] floats() {
        return floats;
    }

    /** Makes floats of the first {@code n} stored elements, exactly. */
    void decode(int n) {
        switch (type) {
            case F32 -> bytes(n).asFloatBuffer().get(floats, 0, n);
            case BF16 -> {
                bytes(n).asShortBuffer().get(halves, 0, n);
                Halves.widenBfloat16(halves, floats, n);
            }
            case F16 -> {
                bytes(n).asShortBuffer().get(halves, 0, n);
                Halves.widen(halves, floats, n);
            }
            default -> throw new IllegalStateException(type + " is not read as floats");
        }
    }

    /** Makes stored elements of the first {@code n} floats, to the nearest and of two the even one. */
    void encode(int n) {
        switch (type) {
            case F32 -> bytes(n).asFloatBuffer().put(floats, 0, n);
            case BF16 -> {
                Halves.roundToBfloat16(floats, halves, n);
                bytes(n).asShortBuffer().put(halves, 0, n);
            }
            default -> throw new IllegalStateException("floats are not written as " + type);
        }
    }
}
