package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.ExpertLinearDx;
import org.lacuna.graph.op.LacunaOp;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Sorts the rows by expert; then blocks of an expert's rows, their products with all weights added up, and put back in their order.
 * Where x is fanned out, they are put into working memory first, and a token's rows are added up from there.
 */
final class ExpertLinearDxKernel implements Kernel {
    private final GemmLibrary gemms;

    ExpertLinearDxKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public Format input(LacunaOp op, int index) {
        return index == op.args().length - 1 ? Format.FP32 : Format.BF16;
    }

    @Override
    public Format output(LacunaOp op, int index) {
        return Format.EITHER;
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels) {
        Pieces pieces = new Pieces(null);
        ExpertRows rows = rows(in, pieces);
        unsummed((ExpertLinearDx) op, in, pieces);
        for (int p = 0; p < panels; p++) {
            block(rows, in, pieces);
            product(rows, in, pieces);
        }
        return pieces.bytes();
    }

    private ExpertRows rows(TensorSpec[] in, Pieces pieces) {
        return new ExpertRows(gemms, in[in.length - 1], in[in.length / 2].size(0), pieces);
    }

    /** Room for a row for each choice, or null where each is a row of dx. */
    private static Tensor unsummed(ExpertLinearDx op, TensorSpec[] in, Pieces pieces) {
        TensorSpec experts = in[in.length - 1];
        return op.fan() && experts.size(-1) > 1 ? pieces.take("unsummed", DataType.FLOAT, experts.length(), in[in.length / 2].size(-1)) : null;
    }

    /** Room for a block of the widest dy. */
    private static Tensor block(ExpertRows rows, TensorSpec[] in, Pieces pieces) {
        return pieces.take("dy", in[0].dataType(), rows.mostRows(), Arrays.stream(in, 0, in.length / 2).mapToInt(s -> s.size(-1)).max().orElseThrow());
    }

    /** Room for a block of dx. */
    private static Tensor product(ExpertRows rows, TensorSpec[] in, Pieces pieces) {
        return pieces.take("dx", DataType.FLOAT, rows.mostRows(), in[in.length / 2].size(-1));
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        TensorSpec[] specs = Arrays.stream(in).map(Tensor::spec).toArray(TensorSpec[]::new);
        Tensor experts = in[in.length - 1];
        Pieces pieces = new Pieces(scratch);
        ExpertRows rows = rows(specs, pieces);
        Tensor unsummed = unsummed((ExpertLinearDx) op, specs, pieces);
        Runnable[] calls = new Runnable[panels];
        for (int p = 0; p < panels; p++) {
            calls[p] = new Panel(rows, p, panels, in, unsummed == null ? out[0] : unsummed, block(rows, specs, pieces), product(rows, specs, pieces));
        }
        Runnable sort = () -> rows.sort(ExpertLinearDx.NAME, experts);
        if (unsummed == null) {
            return new Runnable[][] {{sort}, calls};
        }
        Runnable[] sums = new Runnable[panels];
        int tokens = out[0].spec().rows();
        for (int p = 0; p < panels; p++) {
            sums[p] = sum(unsummed.bytes(), experts.spec().size(-1), out[0], (int) ((long) tokens * p / panels), (int) ((long) tokens * (p + 1) / panels));
        }
        return new Runnable[][] {{sort}, calls, sums};
    }

    /** Adds up the k rows of each of some tokens. */
    private static Runnable sum(ByteBuffer unsummed, int k, Tensor out, int from, int to) {
        int width = out.spec().size(-1);
        Elements dx = new Elements(out, width);
        return () -> {
            for (int token = from; token < to; token++) {
                int at = dx.place(token * width);
                int row = token * k * width;
                AddKernel.add(unsummed, row, unsummed, row + width, dx.floats(), at, width);
                for (int r = 2; r < k; r++) {
                    AddKernel.add(dx.floats(), at, unsummed, row + r * width, dx.floats(), at, width);
                }
                dx.written(token * width, width);
            }
        };
    }

    /** Some blocks. */
    private final class Panel extends ExpertRows.Panel {
        private final int inner;
        private final Tensor[] dy;
        private final Tensor[] blocks;
        private final Gemm[] products;
        private final Tensor product;
        private final Tensor into;

        Panel(ExpertRows rows, int panel, int panels, Tensor[] in, Tensor into, Tensor block, Tensor product) {
            super(rows, panel, panels);
            this.product = product;
            this.into = into;
            int n = in.length / 2;
            inner = product.spec().size(1);
            dy = Arrays.copyOf(in, n);
            blocks = new Tensor[n];
            products = new Gemm[n];
            int height = rows.mostRows();
            for (int j = 0; j < n; j++) {
                int width = dy[j].spec().size(-1);
                blocks[j] = block.view("dy", 0, height, width);
                products[j] = gemms.bind(false, false, height, inner, width, Matrix.of(blocks[j]), Matrix.of(in[n + j]), j > 0, Matrix.of(product));
            }
        }

        @Override
        void block(int expert, int from, int n) {
            for (int j = 0; j < dy.length; j++) {
                int width = dy[j].spec().size(-1);
                rows.gather(dy[j], 1, from, n, blocks[j]);
                products[j].run(rows.height(n), inner, width, 0, (long) expert * width * inner, 0);
            }
            rows.scatter(product, from, n, into);
        }
    }
}
