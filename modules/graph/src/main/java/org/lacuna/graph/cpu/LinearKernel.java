package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.Linear;

/** One GEMM for each weight, on top of the bias where there is one; {@link FewRows} where there are few. */
final class LinearKernel extends RowKernel {
    private final GemmLibrary gemms;

    LinearKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public Format input(LacunaOp op, int index) {
        return index > ((Linear) op).layers() ? Format.FP32 : Format.BF16;
    }

    /** On top of a bias the sum is added up where it lies. */
    @Override
    public Format output(LacunaOp op, int index) {
        return ((Linear) op).biased() ? Format.FP32 : Format.EITHER;
    }

    @Override
    int panelHeight(LacunaOp op, Tensor[] in, Tensor[] out, int rows, int panels) {
        return gemms.panelHeight(false, in[0].dataType(), out[0].dataType(), rows, in[0].spec().size(-1), panels);
    }

    @Override
    boolean hasRows(LacunaOp op, int index) {
        return index == 0;
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        return in[0].spec().rows() <= FewRows.MOST ? FewRows.bind((Linear) op, in, out, panels) : super.bind(op, in, out, scratch, panels);
    }

    @Override
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        Linear linear = (Linear) op;
        int k = linear.layers();
        Tensor x = in[0];
        int rows = x.spec().rows();
        Gemm[] products = new Gemm[k];
        ByteBuffer[] biases = new ByteBuffer[linear.biased() ? k : 0];
        ByteBuffer[] y = new ByteBuffer[k];
        for (int j = 0; j < k; j++) {
            int width = out[j].spec().size(-1);
            products[j] = gemms.bind(false, true, rows, width, x.spec().size(-1), Matrix.of(x), Matrix.of(in[1 + j]), linear.biased(), Matrix.of(out[j]));
            y[j] = out[j].bytes();
            if (linear.biased()) {
                biases[j] = in[1 + k + j].bytes();
            }
        }
        return () -> {
            for (int j = 0; j < biases.length; j++) {
                repeat(biases[j], y[j], rows);
            }
            for (Gemm product : products) {
                product.run();
            }
        };
    }

    private static void repeat(ByteBuffer row, ByteBuffer into, int rows) {
        int bytes = row.capacity();
        for (int r = 0; r < rows; r++) {
            into.put(r * bytes, row, 0, bytes);
        }
    }
}
