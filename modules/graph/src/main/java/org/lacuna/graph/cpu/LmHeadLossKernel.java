package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.LmHeadLoss;

/** Block after block of logits; the sum of the losses in double. */
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
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out) {
        return LogitBlocks.scratchBytes(in[0], in[1]);
    }

    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        LogitBlocks blocks = new LogitBlocks(gemms, LmHeadLoss.NAME, in[0], in[1], in[2], in[3], out[1], scratch);
        ByteBuffer loss = out[0].bytes();
        return () -> {
            blocks.check();
            double sum = 0;
            for (int from = 0; blocks.has(from); from += blocks.size(from)) {
                sum += blocks.losses(from);
            }
            Lanes.put(loss, 0, (float) sum);
        };
    }
}
