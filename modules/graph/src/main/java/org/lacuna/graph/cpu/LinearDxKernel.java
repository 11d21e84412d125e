package org.lacuna.graph.cpu;

import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** A GEMM for each pair of dy and weight, the first into dx, the others on top. */
final class LinearDxKernel implements Kernel {
    private final GemmLibrary gemms;

    LinearDxKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        Tensor dx = out[0];
        int inner = dx.spec().size(-1);
        Gemm[] products = new Gemm[in.length / 2];
        for (int j = 0; j < products.length; j++) {
            int width = in[j].spec().size(-1);
            products[j] = gemms.bind(false, false, dx.spec().rows(), inner, width, 1, in[j].address(), width,
                    in[products.length + j].address(), inner, j == 0 ? 0 : 1, dx.address(), inner);
        }
        return () -> {
            for (Gemm product : products) {
                product.run();
            }
        };
    }
}
