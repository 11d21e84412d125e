package org.lacuna.model.safetensors;

import java.util.Arrays;

/**
 * A tensor that lies in a safetensors file.
 *
 * @param name unique in its file
 * @param type of the elements
 * @param shape dimensions, none negative; empty for a scalar; not to be modified
 * @param begin its first byte, counted from the end of the header
 * @param end the byte after its last
 */
public record StoredTensor(String name, StoredType type, long[] shape, long begin, long end) {

    /** How many elements. */
    public long length() {
        return (end - begin) / type.bytes();
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof StoredTensor s && name.equals(s.name) && type == s.type && Arrays.equals(shape, s.shape) && begin == s.begin && end == s.end;
    }

    @Override
    public int hashCode() {
        return 31 * name.hashCode() + Arrays.hashCode(shape);
    }

    @Override
    public String toString() {
        return name + " " + type + Arrays.toString(shape);
    }
}
