package org.lacuna.graph;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What a tensor is, without its memory.
 *
 * @param name of the SameDiff variable
 * @param dataType FLOAT, DOUBLE, INT or LONG
 * @param shape dimensions, all known; not to be modified
 */
public record TensorSpec(String name, DataType dataType, long... shape) {

    public long length() {
        long length = 1;
        for (long d : shape) {
            length = Math.multiplyExact(length, d);
        }
        return length;
    }

    public int elementBytes() {
        return dataType.width();
    }

    public long bytes() {
        return Math.multiplyExact(length(), (long) elementBytes());
    }

    /** The size of dimension {@code i}, counted from the end where negative. */
    public int size(int i) {
        return Math.toIntExact(shape[i < 0 ? shape.length + i : i]);
    }

    /** The product of all dimensions but the last: how many rows there are. */
    public int rows() {
        return Math.toIntExact(length() == 0 ? 0 : length() / shape[shape.length - 1]);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof TensorSpec s && name.equals(s.name) && dataType == s.dataType && Arrays.equals(shape, s.shape);
    }

    @Override
    public int hashCode() {
        return 31 * name.hashCode() + Arrays.hashCode(shape);
    }

    @Override
    public String toString() {
        return name + " " + dataType + Arrays.toString(shape);
    }
}
