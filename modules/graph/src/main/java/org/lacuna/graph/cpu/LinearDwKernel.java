package org.lacuna.graph.cpu;

import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.LacunaOp;

/** dyᵀ · x, by GEMM, some rows after the others: oneDNN's code for a transposed factor is the faster with few of them. */
final class LinearDwKernel implements Kernel {
    private static final int ROWS = 512;

    private final GemmLibrary gemms;

    LinearDwKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public Format input(LacunaOp op, int index) {
        return Format.BF16;
    }

    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        Tensor x = in[0];
        Tensor dy = in[1];
        int inner = x.spec().size(-1);
        int width = dy.spec().size(-1);
        int rows = x.spec().rows();
        Gemm first = gemms.bind(true, false, width, inner, Math.min(ROWS, rows), Matrix.of(dy), Matrix.of(x), false, Matrix.of(out[0]));
        Gemm further = gemms.bind(true, false, width, inner, Math.min(ROWS, rows), Matrix.of(dy), Matrix.of(x), true, Matrix.of(out[0]));
        return () -> {
            first.run();
            for (int from = ROWS; from < rows; from += ROWS) {
                further.run(width, inner, Math.min(ROWS, rows - from), (long) from * width, (long) from * inner, 0);
            }
        };
    }
}
