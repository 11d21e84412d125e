package org.lacuna.graph.cpu;

import java.util.Arrays;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.ExpertLinearDw;
import org.lacuna.graph.op.LacunaOp;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Sorts the rows by expert; then dyᵀ · x of each expert, some of its rows after the others, gathered first. An expert belongs to one
 * panel, since what its blocks give is added up.
 */
final class ExpertLinearDwKernel implements Kernel {
    private final GemmLibrary gemms;

    ExpertLinearDwKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    /** Nobody reads the weight. */
    @Override
    public Format input(LacunaOp op, int index) {
        return index < 2 ? Format.BF16 : index == 2 ? Format.EITHER : Format.FP32;
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels) {
        Pieces pieces = new Pieces(null);
        ExpertRows rows = rows(in, pieces);
        for (int p = 0; p < panels; p++) {
            block(rows, in[0], pieces);
            block(rows, in[1], pieces);
        }
        return pieces.bytes();
    }

    private ExpertRows rows(TensorSpec[] in, Pieces pieces) {
        return new ExpertRows(gemms, in[3], in[2].size(0), pieces);
    }

    /** Room for a block of x or dy. */
    private static Tensor block(ExpertRows rows, TensorSpec of, Pieces pieces) {
        return pieces.take(of.name(), of.dataType(), rows.mostRows(), of.size(-1));
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        TensorSpec[] specs = Arrays.stream(in).map(Tensor::spec).toArray(TensorSpec[]::new);
        int k = ((ExpertLinearDw) op).fan() ? specs[3].size(-1) : 1;
        Pieces pieces = new Pieces(scratch);
        ExpertRows rows = rows(specs, pieces);
        Runnable[] calls = new Runnable[panels];
        for (int p = 0; p < panels; p++) {
            calls[p] = new Panel(rows, p, panels, k, in, out[0], block(rows, specs[0], pieces), block(rows, specs[1], pieces));
        }
        Runnable sort = () -> rows.sort(ExpertLinearDw.NAME, in[3]);
        return new Runnable[][] {{sort}, calls};
    }

    /** Some experts. */
    private final class Panel implements Runnable {
        private final ExpertRows rows;
        private final int panel;
        private final int panels;
        private final int k;
        private final int width;
        private final int inner;
        private final Tensor x;
        private final Tensor dy;
        private final Tensor dw;
        private final Tensor blockOfX;
        private final Tensor blockOfDy;
        private final Gemm first;
        private final Gemm further;

        Panel(ExpertRows rows, int panel, int panels, int k, Tensor[] in, Tensor dw, Tensor blockOfX, Tensor blockOfDy) {
            this.rows = rows;
            this.panel = panel;
            this.panels = panels;
            this.k = k;
            this.dw = dw;
            this.blockOfX = blockOfX;
            this.blockOfDy = blockOfDy;
            x = in[0];
            dy = in[1];
            inner = x.spec().size(-1);
            width = dy.spec().size(-1);
            first = product(false);
            further = product(true);
        }

        private Gemm product(boolean add) {
            return gemms.bind(true, false, width, inner, rows.mostRows(), Matrix.of(blockOfDy), Matrix.of(blockOfX), add, Matrix.of(dw));
        }

        @Override
        public void run() {
            for (int e = 0; e < rows.experts(); e++) {
                int from = rows.start(e);
                int end = rows.start(e + 1);
                if (rows.panel(from, end, panels) == panel) {
                    sum(e, from, end);
                }
            }
        }

        private void sum(int expert, int start, int end) {
            if (start == end) {
                Lanes.fill(dw.bytes(), expert * width * inner, (expert + 1) * width * inner, 0);
            }
            for (int from = start; from < end; from += rows.mostRows()) {
                int n = Math.min(rows.mostRows(), end - from);
                rows.gather(x, k, from, n, blockOfX);
                rows.gather(dy, 1, from, n, blockOfDy);
                (from == start ? first : further).run(width, inner, rows.height(n), 0, 0, (long) expert * width * inner);
            }
        }
    }
}
