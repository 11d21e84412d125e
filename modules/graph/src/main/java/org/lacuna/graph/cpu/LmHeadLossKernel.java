package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.LmHeadLoss;

/**
 * Block after block of logits, a block's rows shared by panels; the sum of the losses in double. In evaluation few rows of long texts may be scored:
 * they are copied together where that leaves blocks out. Blocks have the height that they have otherwise, so each row has the same bits.
 */
final class LmHeadLossKernel implements Kernel {
    private final GemmLibrary gemms;

    LmHeadLossKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public Format input(LacunaOp op, int index) {
        return index < 2 ? Format.BF16 : Format.FP32;
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels) {
        Pieces pieces = new Pieces(null);
        LogitBlocks.cut(pieces, gemms, in[0], in[1], panels);
        together(pieces, op, in[0]);
        return pieces.bytes();
    }

    /** Whether rows may be left out. */
    private boolean chooses(LacunaOp op, TensorSpec x) {
        return ((LmHeadLoss) op).greedy() && x.rows() > LogitBlocks.blockRows(gemms);
    }

    /** Where the rows of a block that are scored are copied to; null where none are left out. */
    private Tensor together(Pieces pieces, LacunaOp op, TensorSpec x) {
        return chooses(op, x) ? pieces.take("scored", x.dataType(), LogitBlocks.blockRows(gemms), x.size(-1)) : null;
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        Pieces pieces = new Pieces(scratch);
        Tensor[] logits = LogitBlocks.cut(pieces, gemms, in[0].spec(), in[1].spec(), panels);
        Tensor together = together(pieces, op, in[0].spec());
        int rows = in[0].spec().rows();
        int blockRows = LogitBlocks.blockRows(gemms);
        double[] losses = new double[rows];
        double zLoss = ((LmHeadLoss) op).zLoss();
        LmHeadRows[] panelsOfRows = new LmHeadRows[logits.length];
        for (int p = 0; p < logits.length; p++) {
            LogitBlocks block = new LogitBlocks(gemms, in[0], in[1], logits[p], p, Float.NEGATIVE_INFINITY);
            panelsOfRows[p] = new LmHeadRows(LmHeadLoss.NAME, zLoss, block, in[1], in[2], in[3], Arrays.copyOfRange(out, 1, out.length), losses);
        }
        ChosenTokens scored = new ChosenTokens(in[3], panelsOfRows[0]::scored, blockRows);
        Runnable[] calls = new Runnable[logits.length];
        for (int p = 0; p < calls.length; p++) {
            LmHeadRows panel = panelsOfRows[p];
            LogitBlocks copied = together == null ? null : new LogitBlocks(gemms, together, in[1], logits[p], p, Float.NEGATIVE_INFINITY);
            calls[p] = () -> {
                if (together == null || scored.filled() == scored.blocks()) {
                    panel.losses(blockRows);
                    return;
                }
                for (int b = 0; b < scored.filled(); b++) {
                    scored.gather(b, in[0], together, copied.start(), copied.size(blockRows));
                    panel.losses(scored, b, blockRows, copied);
                }
            };
        }
        ByteBuffer loss = out[0].bytes();
        Runnable check = () -> {
            panelsOfRows[0].check();
            if (together != null) {
                scored.choose();
                panelsOfRows[0].clear();
            }
        };
        return new Runnable[][] {{check}, calls, {() -> Lanes.put(loss, 0, LogitBlocks.total(losses))}};
    }
}
