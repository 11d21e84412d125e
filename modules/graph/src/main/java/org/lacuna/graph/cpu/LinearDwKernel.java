package org.lacuna.graph.cpu;

import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.LacunaOp;

/** dyᵀ · x, by GEMM. */
final class LinearDwKernel implements Kernel {
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
        return gemms.bind(true, false, width, inner, x.spec().rows(), Matrix.of(dy), Matrix.of(x), false, Matrix.of(out[0]))::run;
    }
}
