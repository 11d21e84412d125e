package org.lacuna.model.safetensors;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.buffer.DataType;

/** The element types of safetensors files that Lacuna knows, under the format's own names. */
public enum StoredType {
    /** IEEE 754 binary64. */
    F64(8),
    /** IEEE 754 binary32. */
    F32(4),
    /** IEEE 754 binary16. */
    F16(2),
    /** The upper half of a binary32. */
    BF16(2),
    /** Signed, 64 bits. */
    I64(8),
    /** Signed, 32 bits. */
    I32(4),
    /** Signed, 16 bits. */
    I16(2),
    /** Signed, 8 bits. */
    I8(1),
    /** Unsigned, 8 bits. */
    U8(1),
    /** One byte, 0 or 1. */
    BOOL(1);

    private final int bytes;

    StoredType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of an element. */
    public int bytes() {
        return bytes;
    }

    /** The type that a tensor of {@code type} is stored as. */
    static StoredType of(DataType type) {
        return switch (type) {
            case FLOAT -> F32;
            case DOUBLE -> F64;
            case INT -> I32;
            case LONG -> I64;
            default -> throw new IllegalArgumentException("tensors of type " + type + " are not stored");
        };
    }

    /** All names, for an error message. */
    static String names() {
        return Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(", "));
    }
}
