package org.lacuna.graph.cpu;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * C = alpha · op(A) · op(B) + beta · C in float, by OpenBLAS, on the calling thread alone: op(A) is m × k, op(B) k × n,
 * C m × n. Matrices are row-major, row {@code i} of a matrix X starting {@code i · ldx} floats behind X's address, so that
 * a part of a larger matrix is a matrix too. op is the transpose where {@code ta} or {@code tb} says so, the identity
 * otherwise. With beta = 0, C is written without being read: NaN in it goes away.
 *
 * <p>Addresses are bound once; a run allocates nothing. One thread at a time may run one object; different objects run
 * side by side. The same operands give the same bits, whatever else runs. The caller keeps the memory alive, and C
 * apart from A and B.
 */
final class Gemm {
    private static final int ROW_MAJOR = 101;
    private static final int PLAIN = 111;
    private static final int TRANSPOSED = 112;

    private final int ta;
    private final int tb;
    private final int m;
    private final int n;
    private final int k;
    private final float alpha;
    private final float beta;
    private final FloatPointer a;
    private final FloatPointer b;
    private final FloatPointer c;
    private final int lda;
    private final int ldb;
    private final int ldc;

    private Gemm(boolean ta, boolean tb, int m, int n, int k, float alpha, long aAddress, int lda, long bAddress, int ldb,
            float beta, long cAddress, int ldc) {
        if (lda < Math.max(1, ta ? m : k) || ldb < Math.max(1, tb ? k : n) || ldc < Math.max(1, n)) {
            throw new IllegalArgumentException("rows overlap: " + m + " × " + n + " × " + k + " with leading dimensions "
                    + lda + (ta ? " (transposed), " : ", ") + ldb + (tb ? " (transposed), " : ", ") + ldc);
        }
        this.ta = ta ? TRANSPOSED : PLAIN;
        this.tb = tb ? TRANSPOSED : PLAIN;
        this.m = m;
        this.n = n;
        this.k = k;
        this.alpha = alpha;
        this.beta = beta;
        this.lda = lda;
        this.ldb = ldb;
        this.ldc = ldc;
        a = new At(aAddress);
        b = new At(bAddress);
        c = new At(cAddress);
        // Here and not once for the class: ND4J sets its own number of threads when it starts, be it before or after.
        openblas_nolapack.blas_set_num_threads(1);
    }

    /**
     * Binds a product.
     *
     * @param ta whether A lies transposed: k rows of m
     * @param tb whether B lies transposed: n rows of k
     * @param aAddress of A's first element; likewise {@code bAddress} and {@code cAddress}
     * @param lda distance of A's rows as they lie, in floats; likewise {@code ldb} and {@code ldc}
     */
    static Gemm of(boolean ta, boolean tb, int m, int n, int k, float alpha, long aAddress, int lda, long bAddress, int ldb,
            float beta, long cAddress, int ldc) {
        return new Gemm(ta, tb, m, n, k, alpha, aAddress, lda, bAddress, ldb, beta, cAddress, ldc);
    }

    /** Runs the product as it was bound. */
    void run() {
        run(m, n, k, 0, 0, 0);
    }

    /** The same with each matrix starting so many floats behind its address. */
    void run(long aOffset, long bOffset, long cOffset) {
        run(m, n, k, aOffset, bOffset, cOffset);
    }

    /** The same with other sizes too, for a last block: none may be larger than its leading dimensions allow. */
    void run(int m, int n, int k, long aOffset, long bOffset, long cOffset) {
        openblas_nolapack.cblas_sgemm(ROW_MAJOR, ta, tb, m, n, k, alpha, a.position(aOffset), lda, b.position(bOffset), ldb,
                beta, c.position(cOffset), ldc);
    }

    /** A pointer to memory that somebody else owns. */
    private static final class At extends FloatPointer {
        At(long address) {
            super((Pointer) null);
            this.address = address;
        }
    }
}
