package org.lacuna.graph.cpu;

import org.lacuna.graph.Tensor;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A bound product C = op(A) · op(B), or C = C + op(A) · op(B), summed in float, on the calling thread alone. A run allocates
 * nothing. One thread at a time may run one object; different objects run side by side. The same operands give the same bits,
 * whatever else runs. Made by a {@link GemmLibrary}.
 */
abstract class Gemm {
    /** oneDNN multiplies so many factors in bf16 at a time: see {@link Operands}. */
    static final int READ_BF16 = 32;

    private final Operands bound;

    Gemm(Operands bound) {
        this.bound = bound;
    }

    /** How many elements of a row a product of bf16 may read that multiplies the first {@code columns}. */
    static int read(int columns) {
        return (columns + READ_BF16 - 1) / READ_BF16 * READ_BF16;
    }

    /**
     * A row-major matrix: row {@code i} starts {@code i · stride} elements behind the address, so that a part of a larger
     * matrix is a matrix too. The caller keeps the memory alive.
     *
     * @param address of the first element
     * @param type FLOAT or BFLOAT16
     * @param stride distance of two rows, in elements; 0 where they lie one behind the other
     */
    record Matrix(long address, DataType type, int stride) {
        /** The tensor's last dimension are the columns. */
        static Matrix of(Tensor t) {
            return of(t, t.spec().size(-1));
        }

        static Matrix of(Tensor t, int stride) {
            return new Matrix(t.address(), t.dataType(), stride);
        }

        /** One whose rows lie one behind the other, however wide a run has them. */
        static Matrix dense(Tensor t, DataType type) {
            return new Matrix(t.address(), type, 0);
        }

        /** The distance of two rows of {@code columns} elements. */
        int stride(int columns) {
            return stride == 0 ? columns : stride;
        }

        long at(long offset) {
            return address + offset * type.width();
        }
    }

    /**
     * What is multiplied: op(A) is m × k, op(B) k × n, C m × n. op is the transpose where {@code ta} or {@code tb} says so,
     * the identity otherwise. A and B have one type. C is written without being read, so that
     * NaN in it goes away, or, with {@code add}, added to, and then is FLOAT. C lies apart from A and B.
     * Of a bf16 A that is not transposed, oneDNN may read rows up to a multiple of {@link #READ_BF16} and multiply what is beyond by zero: where
     * rows do not lie one behind the other, there must be numbers behind each, and where they do, NaN in one may come out in
     * the one before it too.
     *
     * @param ta whether A lies transposed: k rows of m
     * @param tb whether B lies transposed: n rows of k
     * @param add whether the product is added to what C holds
     */
    record Operands(boolean ta, boolean tb, int m, int n, int k, Matrix a, Matrix b, boolean add, Matrix c) {
        Operands {
            if (overlaps(a, ta ? m : k) || overlaps(b, tb ? k : n) || overlaps(c, n)) {
                throw new IllegalArgumentException("rows overlap: " + m + " × " + n + " × " + k + " with leading dimensions "
                        + a.stride + (ta ? " (transposed), " : ", ") + b.stride + (tb ? " (transposed), " : ", ") + c.stride);
            }
            if (a.type != b.type || add && c.type != DataType.FLOAT) {
                throw new IllegalArgumentException("no product of " + a.type + " and " + b.type + " is "
                        + (add ? "added to " : "written as ") + c.type);
            }
        }

        private static boolean overlaps(Matrix x, int columns) {
            return x.stride != 0 && x.stride < Math.max(1, columns);
        }
    }

    /** Runs the product as it was bound. */
    final void run() {
        run(bound.m, bound.n, bound.k, 0, 0, 0);
    }

    /** The same with each matrix starting so many elements behind its address. */
    final void run(long aOffset, long bOffset, long cOffset) {
        run(bound.m, bound.n, bound.k, aOffset, bOffset, cOffset);
    }

    /** The same with other sizes too, for a last block: none may be larger than its leading dimensions allow. */
    abstract void run(int m, int n, int k, long aOffset, long bOffset, long cOffset);
}
