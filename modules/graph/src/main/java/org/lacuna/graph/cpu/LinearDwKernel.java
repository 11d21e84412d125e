package org.lacuna.graph.cpu;

import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.LacunaOp;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * dyᵀ · x, by GEMM, some rows after the others: oneDNN's code for a transposed factor is the faster with few of them. A panel
 * makes some rows of dW from as many columns of dy, which it first copies to lie dense.
 */
final class LinearDwKernel implements Kernel {
    private static final int ROWS = 512;

    private final GemmLibrary gemms;

    LinearDwKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public Format input(LacunaOp op, int index) {
        return index == 2 ? Format.FP32 : Format.BF16;
    }

    @Override
    public boolean inPlace(int input, int output) {
        return input == 2;
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels) {
        Pieces pieces = new Pieces(null);
        cut(pieces, in[1], panels);
        return pieces.bytes();
    }

    /** For each panel, room for its columns of some rows of dy; none if there is one panel. */
    private Tensor[] cut(Pieces pieces, TensorSpec dy, int panels) {
        int width = dy.size(-1);
        int columns = panelColumns(dy, panels);
        Tensor[] dense = new Tensor[(width + columns - 1) / columns];
        for (int p = 0; dense.length > 1 && p < dense.length; p++) {
            dense[p] = pieces.take("dy", dy.dataType(), Math.min(ROWS, dy.rows()), Math.min(columns, width - p * columns));
        }
        return dense;
    }

    private int panelColumns(TensorSpec dy, int panels) {
        return gemms.panelHeight(true, dy.dataType(), DataType.FLOAT, dy.size(-1), dy.rows(), panels);
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        Tensor[] dense = cut(new Pieces(scratch), in[1].spec(), panels);
        int columns = panelColumns(in[1].spec(), panels);
        Runnable[] calls = new Runnable[dense.length];
        for (int p = 0; p < calls.length; p++) {
            calls[p] = new Panel(gemms, in[0], in[1], out[0], in.length > 2, dense[p], p * columns);
        }
        boolean elsewhere = in.length > 2 && in[2].address() != out[0].address();
        return elsewhere ? new Runnable[][] {{() -> out[0].bytes().put(0, in[2].bytes(), 0, in[2].bytes().capacity())}, calls} : new Runnable[][] {calls};
    }

    /** Some columns of dy. */
    private static final class Panel implements Runnable {
        private final Tensor dy;
        private final Tensor dense;
        private final int from;
        private final int rows;
        private final int width;
        private final int columns;
        private final int inner;
        private final Gemm first;
        private final Gemm further;

        /** @param add to what dW holds */
        Panel(GemmLibrary gemms, Tensor x, Tensor dy, Tensor dw, boolean add, Tensor dense, int from) {
            this.dy = dy;
            this.dense = dense;
            this.from = from;
            rows = x.spec().rows();
            width = dy.spec().size(-1);
            columns = dense == null ? width : dense.spec().size(1);
            inner = x.spec().size(-1);
            Matrix factor = dense == null ? Matrix.of(dy) : Matrix.of(dense);
            Matrix into = new Matrix(dw.address() + (long) from * inner * Float.BYTES, DataType.FLOAT, inner);
            int height = Math.min(ROWS, rows);
            first = gemms.bind(true, false, columns, inner, height, factor, Matrix.of(x), add, into);
            further = gemms.bind(true, false, columns, inner, height, factor, Matrix.of(x), true, into);
        }

        @Override
        public void run() {
            for (int row = 0; row < rows; row += ROWS) {
                int n = Math.min(ROWS, rows - row);
                if (dense != null) {
                    HeadRows.gather(dy, row * width + from, n, dense);
                }
                (row == 0 ? first : further).run(columns, inner, n, dense == null ? (long) row * width : 0, (long) row * inner, 0);
            }
        }
    }
}
