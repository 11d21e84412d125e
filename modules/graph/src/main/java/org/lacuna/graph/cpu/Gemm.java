package org.lacuna.graph.cpu;

/**
 * A bound product C = alpha · op(A) · op(B) + beta · C in float, on the calling thread alone. A run allocates nothing. One
 * thread at a time may run one object; different objects run side by side. The same operands give the same bits, whatever
 * else runs. Made by a {@link GemmLibrary}.
 */
abstract class Gemm {
    private final Operands bound;

    Gemm(Operands bound) {
        this.bound = bound;
    }

    /**
     * What is multiplied: op(A) is m × k, op(B) k × n, C m × n. Matrices are row-major, row {@code i} of a matrix X starting
     * {@code i · ldx} floats behind X's address, so that a part of a larger matrix is a matrix too. op is the transpose where
     * {@code ta} or {@code tb} says so, the identity otherwise. With beta = 0, C is written without being read: NaN in it
     * goes away. The caller keeps the memory alive, and C apart from A and B.
     *
     * @param ta whether A lies transposed: k rows of m
     * @param tb whether B lies transposed: n rows of k
     * @param a address of A's first element; likewise {@code b} and {@code c}
     * @param lda distance of A's rows as they lie, in floats; likewise {@code ldb} and {@code ldc}
     */
    record Operands(boolean ta, boolean tb, int m, int n, int k, float alpha, long a, int lda, long b, int ldb, float beta,
            long c, int ldc) {
        Operands {
            if (lda < Math.max(1, ta ? m : k) || ldb < Math.max(1, tb ? k : n) || ldc < Math.max(1, n)) {
                throw new IllegalArgumentException("rows overlap: " + m + " × " + n + " × " + k + " with leading dimensions "
                        + lda + (ta ? " (transposed), " : ", ") + ldb + (tb ? " (transposed), " : ", ") + ldc);
            }
        }
    }

    /** Runs the product as it was bound. */
    final void run() {
        run(bound.m, bound.n, bound.k, 0, 0, 0);
    }

    /** The same with each matrix starting so many floats behind its address. */
    final void run(long aOffset, long bOffset, long cOffset) {
        run(bound.m, bound.n, bound.k, aOffset, bOffset, cOffset);
    }

    /** The same with other sizes too, for a last block: none may be larger than its leading dimensions allow. */
    abstract void run(int m, int n, int k, long aOffset, long bOffset, long cOffset);
}
