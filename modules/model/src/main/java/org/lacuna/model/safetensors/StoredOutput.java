package org.lacuna.model.safetensors;

import java.nio.FloatBuffer;

/**
 * A tensor to be written, whose elements are asked for in pieces: it need not be in memory as a whole.
 *
 * @param name in the file
 * @param shape dimensions, none negative; empty for a scalar; not to be modified
 * @param elements where the elements come from
 */
public record StoredOutput(String name, long[] shape, Elements elements) {

    /** Gives the elements of a tensor. */
    @FunctionalInterface
    public interface Elements {
        /**
         * Fills {@code into}, from its position to its limit, with the elements from element {@code from} on, row by row.
         * Called in order, from the first element to the last, once for each.
         */
        void read(long from, FloatBuffer into);
    }

    /** Checks that the shape is one. */
    public StoredOutput {
        if (length(shape) < 0) {
            throw new IllegalArgumentException("tensor " + name + " has a negative dimension");
        }
    }

    /** How many elements. */
    public long length() {
        return length(shape);
    }

    private static long length(long[] shape) {
        long length = 1;
        for (long d : shape) {
            if (d < 0) {
                return -1;
            }
            length = Math.multiplyExact(length, d);
        }
        return length;
    }
}
