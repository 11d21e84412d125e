package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.LmHeadLoss;

/** Block after block of logits, a block's rows shared by panels; the sum of the losses in double. */
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
        return pieces.bytes();
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        Tensor[] logits = LogitBlocks.cut(new Pieces(scratch), gemms, in[0].spec(), in[1].spec(), panels);
        int rows = in[0].spec().rows();
        int blockRows = LogitBlocks.blockRows(gemms);
        double[] losses = new double[rows];
        double zLoss = ((LmHeadLoss) op).zLoss();
        LmHeadRows[] blocks = new LmHeadRows[logits.length];
        Runnable[] calls = new Runnable[logits.length];
        for (int p = 0; p < calls.length; p++) {
            LogitBlocks block = new LogitBlocks(gemms, in[0], in[1], logits[p], p, Float.NEGATIVE_INFINITY);
            LmHeadRows panel = new LmHeadRows(LmHeadLoss.NAME, zLoss, block, in[1], in[2], in[3], Arrays.copyOfRange(out, 1, out.length), losses);
            blocks[p] = panel;
            calls[p] = () -> {
                for (int at = 0; at < rows; at += blockRows) {
                    int n = panel.size(at, blockRows);
                    if (n > 0) {
                        panel.losses(panel.from(at), n);
                    }
                }
            };
        }
        ByteBuffer loss = out[0].bytes();
        return new Runnable[][] {{blocks[0]::check}, calls, {() -> Lanes.put(loss, 0, LogitBlocks.total(losses))}};
    }
}
