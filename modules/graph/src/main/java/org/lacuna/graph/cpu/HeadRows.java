package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Copies one head's rows between a tensor of all heads and working memory where they lie one behind the other, for what many
 * products read or add to.
 */
final class HeadRows {
    private HeadRows() {}

    /** Copies {@code rows} rows that start at element {@code at} of a tensor to the start of {@code dense}; bf16 is widened for one of floats. */
    static void gather(Tensor tensor, int at, int rows, Tensor dense) {
        gather(tensor, at, rows, dense, 0);
    }

    /** The same to row {@code to} of {@code dense} and those behind it. */
    static void gather(Tensor tensor, int at, int rows, Tensor dense, int to) {
        int size = tensor.spec().elementBytes();
        int width = dense.spec().size(1);
        int apart = tensor.spec().size(-1);
        if (dense.dataType() == tensor.dataType()) {
            copy(tensor.bytes(), at * size, apart * size, dense.bytes(), to * width * size, width * size, width * size, rows);
        } else if (dense.dataType() == DataType.FLOAT) {
            for (int i = 0; i < rows; i++) {
                Bfloat16.widen(tensor.bytes(), at + i * apart, dense.bytes(), (to + i) * width, width);
            }
        } else {
            throw new IllegalArgumentException(tensor.spec() + " can't be copied to " + dense.dataType());
        }
    }

    /** Copies the first {@code rows} rows of {@code dense} to where element {@code at} of a tensor is; floats are rounded for a tensor of bf16. */
    static void scatter(Tensor dense, int rows, Tensor tensor, int at) {
        scatter(dense, 0, rows, tensor, at);
    }

    /** The same of row {@code from} of {@code dense} and those behind it. */
    static void scatter(Tensor dense, int from, int rows, Tensor tensor, int at) {
        int size = tensor.spec().elementBytes();
        int width = dense.spec().size(1);
        int apart = tensor.spec().size(-1);
        if (dense.dataType() == tensor.dataType()) {
            copy(dense.bytes(), from * width * size, width * size, tensor.bytes(), at * size, apart * size, width * size, rows);
        } else if (tensor.dataType() == DataType.BFLOAT16) {
            for (int i = 0; i < rows; i++) {
                Bfloat16.round(dense.bytes(), (from + i) * width, tensor.bytes(), at + i * apart, width);
            }
        } else {
            throw new IllegalArgumentException(dense.dataType() + " can't be copied to " + tensor.spec());
        }
    }

    private static void copy(ByteBuffer from, int fi, int fromApart, ByteBuffer to, int ti, int toApart, int bytes, int rows) {
        for (int row = 0; row < rows; row++) {
            copy(from, fi + row * fromApart, to, ti + row * toApart, bytes);
        }
    }

    /** By floats, whatever the bytes are, where all is a multiple of one. */
    private static void copy(ByteBuffer from, int fi, ByteBuffer to, int ti, int n) {
        int i = 0;
        if (((fi | ti) & Float.BYTES - 1) == 0) {
            for (; i <= n - Lanes.WIDTH * Float.BYTES; i += Lanes.WIDTH * Float.BYTES) {
                Lanes.store(Lanes.load(from, (fi + i) / Float.BYTES), to, (ti + i) / Float.BYTES);
            }
        }
        for (; i < n; i++) {
            to.put(ti + i, from.get(fi + i));
        }
    }
}
