package org.lacuna.graph.cpu;

import java.util.Arrays;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.LacunaOp;

/** A GEMM for each pair of dy and weight, the first into dx, the others on top. */
final class LinearDxKernel extends RowKernel {
    private final GemmLibrary gemms;

    LinearDxKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public Format input(LacunaOp op, int index) {
        return Format.BF16;
    }

    /** Several products are added up where they lie. */
    @Override
    public Format output(LacunaOp op, int index) {
        return op.args().length == 2 ? Format.EITHER : Format.FP32;
    }

    @Override
    int panelHeight(LacunaOp op, Tensor[] in, Tensor[] out, int rows, int panels) {
        return Arrays.stream(in, 0, in.length / 2).mapToInt(dy -> gemms.panelHeight(false, dy.dataType(), out[0].dataType(), rows, dy.spec().size(-1), panels))
                .max().orElseThrow();
    }

    @Override
    boolean hasRows(LacunaOp op, int index) {
        return index < op.args().length / 2;
    }

    @Override
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        Tensor dx = out[0];
        int inner = dx.spec().size(-1);
        Gemm[] products = new Gemm[in.length / 2];
        for (int j = 0; j < products.length; j++) {
            int width = in[j].spec().size(-1);
            products[j] = gemms.bind(false, false, dx.spec().rows(), inner, width, Matrix.of(in[j]), Matrix.of(in[products.length + j]), j > 0, Matrix.of(dx));
        }
        return () -> {
            for (Gemm product : products) {
                product.run();
            }
        };
    }
}
