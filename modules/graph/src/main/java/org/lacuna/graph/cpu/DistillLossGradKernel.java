package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.DistillLossGrad;
import org.lacuna.graph.op.LacunaOp;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * For each block: both models' logits, losses, derivative in place of the student's logits, then dx = g · W and dW += gᵀ · x by GEMM.
 * Panels share a block's rows for all but dW, and then the rows of dW, as in {@link LmHeadLossGradKernel}.
 */
final class DistillLossGradKernel implements Kernel {
    private final GemmLibrary gemms;

    DistillLossGradKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public Format input(LacunaOp op, int index) {
        return index == 2 || index == 5 ? Format.FP32 : Format.BF16;
    }

    /**
     * Working memory.
     *
     * @param rows that of the losses
     * @param dx of a block's rows
     * @param slices of the panels of dW
     */
    private record Memory(DistillRows.Memory rows, Tensor dx, Tensor[] slices) {
        static Memory cut(Pieces pieces, GemmLibrary gemms, TensorSpec[] in, int panels) {
            DistillRows.Memory rows = DistillRows.cut(pieces, gemms, in[0], in[1], in[3], in[4], panels);
            TensorSpec x = DistillRows.rows(gemms, in[0]);
            Tensor dx = pieces.take("dx", DataType.FLOAT, x.shape());
            return new Memory(rows, dx, TablePanel.cut(pieces, gemms, x, in[1], panels, rows.logits().length));
        }
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels) {
        Pieces pieces = new Pieces(null);
        Memory.cut(pieces, gemms, in, panels);
        return pieces.bytes();
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        Memory memory = Memory.cut(new Pieces(scratch), gemms, Arrays.stream(in).map(Tensor::spec).toArray(TensorSpec[]::new), panels);
        ChosenTokens tokens = new ChosenTokens(in[5], DistillRows.block(gemms, in[0].spec()));
        double[] losses = new double[in[0].spec().rows()];
        LogitBlocks[] blocks = new LogitBlocks[memory.rows.logits().length];
        ToDx[] byRows = new ToDx[blocks.length];
        for (int p = 0; p < blocks.length; p++) {
            DistillRows rows = new DistillRows(gemms, ((DistillLossGrad) op).temperature(), tokens, new DistillRows.Model(in[0], in[1]),
                    new DistillRows.Model(in[3], in[4]), memory.rows, p, out[3], losses);
            blocks[p] = rows.student();
            byRows[p] = new ToDx(gemms, rows, tokens, in[1], memory.dx, out[0]);
        }
        TablePanel[] byVocabulary = TablePanel.bind(gemms, memory.rows.x(), out[1], blocks, memory.rows.logits(), memory.slices, panels);
        ByteBuffer upstream = in[2].bytes();
        List<Runnable[]> phases = new ArrayList<>();
        phases.add(new Runnable[] {choice(tokens, losses, out)});
        for (int b = 0; b < tokens.blocks(); b++) {
            int block = b;
            phases.add(Arrays.stream(byRows).map(panel -> (Runnable) () -> panel.run(block, Lanes.get(upstream, 0))).toArray(Runnable[]::new));
            phases.add(Arrays.stream(byVocabulary).map(panel -> (Runnable) () -> {
                if (tokens.size(block) > 0) {
                    panel.run(0, tokens.height(block), block == 0);
                }
            }).toArray(Runnable[]::new));
        }
        ByteBuffer loss = out[2].bytes();
        phases.add(new Runnable[] {() -> Lanes.put(loss, 0, LogitBlocks.total(losses))});
        return phases.toArray(Runnable[][]::new);
    }

    /** Chooses the tokens, and zeroes what no block writes. */
    private static Runnable choice(ChosenTokens tokens, double[] losses, Tensor... out) {
        ByteBuffer dx = out[0].bytes();
        int width = out[0].spec().size(2);
        ByteBuffer dw = out[1].bytes();
        int weights = Math.toIntExact(out[1].length());
        ByteBuffer kl = out[3].bytes();
        return () -> {
            tokens.choose();
            tokens.zeroOthers(dx, width);
            tokens.zeroOthers(kl, 1);
            Arrays.fill(losses, 0);
            if (tokens.size(0) == 0) {
                Lanes.fill(dw, 0, weights, 0);
            }
        };
    }

    /** A panel's rows of each block, as far as dx. */
    private static final class ToDx {
        private final DistillRows rows;
        private final ChosenTokens tokens;
        private final Gemm product;
        private final Tensor dense;
        private final Tensor dx;
        private final int vocabulary;
        private final int width;

        ToDx(GemmLibrary gemms, DistillRows rows, ChosenTokens tokens, Tensor table, Tensor dense, Tensor dx) {
            this.rows = rows;
            this.tokens = tokens;
            this.dense = dense;
            this.dx = dx;
            vocabulary = table.spec().size(0);
            width = table.spec().size(1);
            product = gemms.bind(false, false, 0, width, vocabulary, rows.student().gradient(), Matrix.of(table), false, Matrix.of(dense));
        }

        void run(int block, float upstream) {
            int n = rows.gradients(block, upstream);
            if (n > 0) {
                int start = rows.student().start();
                product.run(n, width, vocabulary, 0, 0, (long) start * width);
                tokens.scatter(block, dense, start, n, dx);
            }
        }
    }

    /** s = s · bySum − t · byTeacherSum, each product rounded, so that equal ones leave 0. */
    static void difference(ByteBuffer s, int si, float bySum, ByteBuffer t, int ti, float byTeacherSum, int n) {
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(s, si + i).mul(bySum).sub(Lanes.load(t, ti + i).mul(byTeacherSum)), s, si + i);
        }
    }
}
