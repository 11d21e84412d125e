package org.lacuna.graph.cpu;

import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** dyᵀ · x, by GEMM. */
final class LinearDwKernel implements Kernel {
    private final GemmLibrary gemms;

    LinearDwKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        Tensor x = in[0];
        Tensor dy = in[1];
        int inner = x.spec().size(-1);
        int width = dy.spec().size(-1);
        return gemms.bind(true, false, width, inner, x.spec().rows(), 1, dy.address(), width, x.address(), inner, 0,
                out[0].address(), inner)::run;
    }
}
