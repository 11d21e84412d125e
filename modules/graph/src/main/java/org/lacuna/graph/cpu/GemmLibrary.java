package org.lacuna.graph.cpu;

/** Multiplies matrices: what the CPU device takes from a native library. */
interface GemmLibrary {

    /** Prepares a product; to be run on any thread. */
    Gemm bind(Gemm.Operands operands);

    /** Prepares a product, by the components of its {@link Gemm.Operands}. */
    default Gemm bind(boolean ta, boolean tb, int m, int n, int k, float alpha, long a, int lda, long b, int ldb, float beta,
            long c, int ldc) {
        return bind(new Gemm.Operands(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc));
    }

    /** See {@link org.lacuna.graph.Device#rowsAlike}. */
    int rowsAlike();

    /** Name, version and the code that it runs: what the last bits of a result depend on. */
    String description();
}
