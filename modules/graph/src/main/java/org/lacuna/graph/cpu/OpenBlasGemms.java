package org.lacuna.graph.cpu;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.nd4j.linalg.api.buffer.DataType;

/** Products by OpenBLAS, which comes with JavaCPP. */
final class OpenBlasGemms implements GemmLibrary {
    /** Up to so many multiplications, OpenBLAS takes other code, which rounds differently. */
    static final int SMALL = 1_000_000;

    private static final int ROW_MAJOR = 101;
    private static final int PLAIN = 111;
    private static final int TRANSPOSED = 112;

    @Override
    public Gemm bind(Gemm.Operands operands) {
        // Here and not once for the class: ND4J sets its own number of threads when it starts, be it before or after.
        openblas_nolapack.blas_set_num_threads(1);
        return new Bound(operands);
    }

    /** Holds for products of more than {@link #SMALL} multiplications: its kernels for AVX-512 take 16 rows at a time, those for AVX2 12. */
    @Override
    public int rowsAlike() {
        return 48;
    }

    /** All: what code it takes depends on the sizes. */
    @Override
    public int panelHeight(boolean ta, DataType factors, DataType sums, int rows, int inner, int panels) {
        return rows;
    }

    @Override
    public String description() {
        try {
            return "OpenBLAS " + Loader.getVersion("org.bytedeco", "openblas") + OpenBlas.coreInUse().map(core -> ", code for " + core).orElse("");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Bound extends Gemm {
        private final Operands o;
        private final int ta;
        private final int tb;
        private final FloatPointer a;
        private final FloatPointer b;
        private final FloatPointer c;

        Bound(Operands o) {
            super(o);
            if (o.a().type() != DataType.FLOAT || o.c().type() != DataType.FLOAT) {
                throw new IllegalArgumentException("OpenBLAS multiplies FLOAT, not " + o.a().type() + " to " + o.c().type());
            }
            this.o = o;
            ta = o.ta() ? TRANSPOSED : PLAIN;
            tb = o.tb() ? TRANSPOSED : PLAIN;
            a = new At(o.a().address());
            b = new At(o.b().address());
            c = new At(o.c().address());
        }

        @Override
        void run(int m, int n, int k, long aOffset, long bOffset, long cOffset) {
            openblas_nolapack.cblas_sgemm(ROW_MAJOR, ta, tb, m, n, k, 1, a.position(aOffset), o.a().stride(o.ta() ? m : k), b.position(bOffset),
                    o.b().stride(o.tb() ? k : n), o.add() ? 1 : 0, c.position(cOffset), o.c().stride(n));
        }
    }

    /** A pointer to memory that somebody else owns. */
    private static final class At extends FloatPointer {
        At(long address) {
            super((Pointer) null);
            this.address = address;
        }
    }
}
