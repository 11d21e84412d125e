package org.lacuna.graph.cpu;

import org.lacuna.graph.Tensor;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Rows of one head as a factor or a result of products: where they lie among those of all heads, or, in long sequences and where products
 * want another type, dense in working memory, from and to which they are copied.
 */
final class HeadMatrix {
    /** Up to so many rows products read them from among those of all heads as fast as dense ones. */
    private static final int NEAR = 512;

    private final Tensor all;
    private final Tensor rows;
    private final int columns;
    private final int apart;
    /** Where the head at hand starts, in elements of {@link #rows}. */
    private int start;

    /** @param dense working memory, or null where {@link #liesFit} says that none is needed */
    HeadMatrix(Tensor all, Tensor dense, int headSize) {
        this.all = all;
        rows = dense == null ? all : dense;
        columns = headSize;
        apart = rows.spec().size(-1);
    }

    /** Whether up to {@code rows} rows of heads that are kept as {@code kept} are multiplied where they lie. */
    static boolean liesFit(DataType kept, int rows) {
        return kept == DataType.FLOAT && rows <= NEAR;
    }

    /** For products that start at {@link #at}. */
    Matrix matrix() {
        return Matrix.of(rows);
    }

    /** The rows' memory: row i's elements lie from {@link #at} of i on. */
    Tensor rows() {
        return rows;
    }

    /** Where row {@code i} of the head at hand starts. */
    int at(int i) {
        return start + i * apart;
    }

    /** Takes {@code n} rows of which the first starts at element {@code from} of the tensor of all heads. */
    void read(int from, int n) {
        place(from);
        if (rows != all) {
            HeadRows.gather(all, from, n, rows);
        }
    }

    /** The rows that start there will be written; what is in them is not read. */
    void place(int from) {
        start = rows == all ? from : 0;
    }

    /** The same, and they are 0. */
    void zero(int from, int n) {
        place(from);
        for (int i = 0; i < n; i++) {
            Lanes.fill(rows.bytes(), at(i), at(i) + columns, 0);
        }
    }

    /** Keeps {@code n} rows that were written since {@link #place} or {@link #zero} with the same {@code from}. */
    void written(int from, int n) {
        if (rows != all) {
            HeadRows.scatter(rows, n, all, from);
        }
    }
}
