package org.lacuna.graph.cpu;

import java.util.Arrays;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.ExpertLinear;
import org.lacuna.graph.op.LacunaOp;
import org.nd4j.linalg.api.buffer.DataType;

/** Sorts the rows by expert; then blocks of an expert's rows, each gathered once for all weights, multiplied, and put back in their order. */
final class ExpertLinearKernel implements Kernel {
    private final GemmLibrary gemms;

    ExpertLinearKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public Format input(LacunaOp op, int index) {
        return index > ((ExpertLinear) op).layers() ? Format.FP32 : Format.BF16;
    }

    @Override
    public Format output(LacunaOp op, int index) {
        return Format.EITHER;
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels) {
        Pieces pieces = new Pieces(null);
        ExpertRows rows = rows(in, pieces);
        for (int p = 0; p < panels; p++) {
            block(rows, in[0], pieces);
            product(rows, out, pieces);
        }
        return pieces.bytes();
    }

    private ExpertRows rows(TensorSpec[] in, Pieces pieces) {
        return new ExpertRows(gemms, in[in.length - 1], in[1].size(0), pieces);
    }

    /** Room for a block of x. */
    private static Tensor block(ExpertRows rows, TensorSpec x, Pieces pieces) {
        return pieces.take("x", x.dataType(), rows.mostRows(), x.size(-1));
    }

    /** Room for its product with the widest weight. */
    private static Tensor product(ExpertRows rows, TensorSpec[] y, Pieces pieces) {
        return pieces.take("y", DataType.FLOAT, rows.mostRows(), Arrays.stream(y).mapToInt(s -> s.size(-1)).max().orElseThrow());
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        TensorSpec[] specs = Arrays.stream(in).map(Tensor::spec).toArray(TensorSpec[]::new);
        TensorSpec[] products = Arrays.stream(out).map(Tensor::spec).toArray(TensorSpec[]::new);
        Tensor experts = in[in.length - 1];
        Pieces pieces = new Pieces(scratch);
        ExpertRows rows = rows(specs, pieces);
        Runnable[] calls = new Runnable[panels];
        for (int p = 0; p < panels; p++) {
            calls[p] = new Panel((ExpertLinear) op, rows, p, panels, in, out, block(rows, specs[0], pieces), product(rows, products, pieces));
        }
        Runnable sort = () -> rows.sort(ExpertLinear.NAME, experts);
        return new Runnable[][] {{sort}, calls};
    }

    /** Some blocks. */
    private final class Panel extends ExpertRows.Panel {
        private final int k;
        private final int inner;
        private final Tensor x;
        private final Tensor block;
        private final Tensor[] y;
        private final Tensor[] blocksOfY;
        private final Gemm[] products;

        Panel(ExpertLinear op, ExpertRows rows, int panel, int panels, Tensor[] in, Tensor[] out, Tensor block, Tensor product) {
            super(rows, panel, panels);
            this.block = block;
            k = op.fan() ? in[in.length - 1].spec().size(-1) : 1;
            x = in[0];
            inner = x.spec().size(-1);
            y = out;
            blocksOfY = new Tensor[y.length];
            products = new Gemm[y.length];
            int height = rows.mostRows();
            for (int j = 0; j < y.length; j++) {
                int width = y[j].spec().size(-1);
                blocksOfY[j] = product.view("y", 0, height, width);
                products[j] = gemms.bind(false, true, height, width, inner, Matrix.of(block), Matrix.of(in[1 + j]), false, Matrix.of(blocksOfY[j]));
            }
        }

        @Override
        void block(int expert, int from, int n) {
            rows.gather(x, k, from, n, block);
            for (int j = 0; j < y.length; j++) {
                int width = y[j].spec().size(-1);
                products[j].run(rows.height(n), width, inner, 0, (long) expert * width * inner, 0);
                rows.scatter(blocksOfY[j], from, n, y[j]);
            }
        }
    }
}
