package org.lacuna.graph.cpu;

import org.lacuna.graph.cpu.Gemm.Matrix;
import org.nd4j.linalg.api.buffer.DataType;

/** Multiplies matrices: what the CPU device takes from a native library. */
interface GemmLibrary {

    /** Prepares a product; to be run on any thread. */
    Gemm bind(Gemm.Operands operands);

    /** Prepares C = op(A) · op(B), or C = C + op(A) · op(B) with {@code add}; see {@link Gemm.Operands}. */
    default Gemm bind(boolean ta, boolean tb, int m, int n, int k, Matrix a, Matrix b, boolean add, Matrix c) {
        return bind(new Gemm.Operands(ta, tb, m, n, k, a, b, add, c));
    }

    /**
     * In which type a kernel best copies factors that it copies anyway and that several products read: their own, or FLOAT where each
     * product would widen them again. Numbers that it makes to multiply with them are then FLOAT too.
     */
    default DataType copied(DataType factors) {
        return factors;
    }

    /** See {@link org.lacuna.graph.Device#rowsAlike}. */
    int rowsAlike();

    /**
     * How many rows of {@code rows} each of {@code panels} computes, the last one the rest, so that a dense product has the bits of
     * an undivided one; all where no division does that.
     *
     * @param ta whether A lies transposed; then B does not
     * @param factors FLOAT or BFLOAT16
     * @param sums the result's type, FLOAT or BFLOAT16
     * @param inner terms of each sum
     */
    int panelHeight(boolean ta, DataType factors, DataType sums, int rows, int inner, int panels);

    /** Name, version and the code that it runs: what the last bits of a result depend on. */
    String description();
}
