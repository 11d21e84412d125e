package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.LmHeadLossGrad;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * For each block: logits, losses, derivative by the logits in place, then dx = g · W and dW += gᵀ · x by GEMM. Panels share a
 * block's rows for all but dW, and then the rows of dW. dx stays fp32: the bits of its long sums, ended in bf16, would depend on
 * how many rows a panel has.
 */
final class LmHeadLossGradKernel implements Kernel {
    private final GemmLibrary gemms;

    LmHeadLossGradKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public Format input(LacunaOp op, int index) {
        return index < 2 ? Format.BF16 : Format.FP32;
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels) {
        Pieces pieces = new Pieces(null);
        int shared = LogitBlocks.cut(pieces, gemms, in[0], in[1], panels).length;
        TablePanel.cut(pieces, gemms, in[0], in[1], panels, shared);
        return pieces.bytes();
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        Tensor x = in[0];
        Tensor table = in[1];
        ByteBuffer upstream = in[2].bytes();
        Pieces pieces = new Pieces(scratch);
        Tensor[] logits = LogitBlocks.cut(pieces, gemms, x.spec(), table.spec(), panels);
        Tensor[] slices = TablePanel.cut(pieces, gemms, x.spec(), table.spec(), panels, logits.length);
        int vocabulary = table.spec().size(0);
        int width = table.spec().size(1);
        int rows = x.spec().rows();
        int blockRows = LogitBlocks.blockRows(gemms);
        double[] losses = new double[rows];
        double zLoss = ((LmHeadLossGrad) op).zLoss();
        LogitBlocks[] blocks = new LogitBlocks[logits.length];
        LmHeadRows[] panelsOfRows = new LmHeadRows[logits.length];
        Gemm[] dx = new Gemm[logits.length];
        for (int p = 0; p < blocks.length; p++) {
            blocks[p] = new LogitBlocks(gemms, x, table, logits[p], p, Float.NEGATIVE_INFINITY);
            panelsOfRows[p] = new LmHeadRows(LmHeadLossGrad.NAME, zLoss, blocks[p], table, in[3], in[4], new Tensor[] {out[3]}, losses);
            dx[p] = gemms.bind(false, false, 0, width, vocabulary, blocks[p].gradient(), Matrix.of(table), false, Matrix.of(out[0]));
        }
        TablePanel[] dw = TablePanel.bind(gemms, x, out[1], blocks, logits, slices, panels);
        List<Runnable[]> phases = new ArrayList<>();
        phases.add(new Runnable[] {panelsOfRows[0]::check});
        for (int from = 0; from < rows; from += blockRows) {
            int block = from;
            Runnable[] byRows = new Runnable[blocks.length];
            for (int p = 0; p < byRows.length; p++) {
                LmHeadRows panel = panelsOfRows[p];
                Gemm toDx = dx[p];
                int n = panel.size(block, blockRows);
                int first = panel.from(block);
                byRows[p] = () -> {
                    if (n > 0) {
                        panel.gradients(first, n, Lanes.get(upstream, 0));
                        toDx.run(n, width, vocabulary, 0, 0, (long) first * width);
                    }
                };
            }
            phases.add(byRows);
            Runnable[] byVocabulary = new Runnable[dw.length];
            for (int p = 0; p < dw.length; p++) {
                TablePanel panel = dw[p];
                byVocabulary[p] = () -> panel.run(block, Math.min(blockRows, rows - block), block == 0);
            }
            phases.add(byVocabulary);
        }
        ByteBuffer loss = out[2].bytes();
        phases.add(new Runnable[] {() -> Lanes.put(loss, 0, LogitBlocks.total(losses))});
        return phases.toArray(Runnable[][]::new);
    }
}
