package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.LmHeadLossGrad;

/** For each block: logits, losses, derivative by the logits in place, then dx = g · W and dW += gᵀ · x by GEMM. */
final class LmHeadLossGradKernel implements Kernel {
    private final GemmLibrary gemms;

    LmHeadLossGradKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out) {
        return LogitBlocks.scratchBytes(in[0], in[1]);
    }

    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        Tensor x = in[0];
        Tensor table = in[1];
        int vocabulary = table.spec().size(0);
        int width = table.spec().size(1);
        int stride = LogitBlocks.stride(table.spec());
        LogitBlocks blocks = new LogitBlocks(gemms, LmHeadLossGrad.NAME, x, table, in[3], in[4], out[3], scratch);
        Gemm dx = gemms.bind(false, false, 0, width, vocabulary, 1, scratch.address(), stride, table.address(), width, 0, out[0].address(), width);
        Gemm first = gemms.bind(true, false, vocabulary, width, 0, 1, scratch.address(), stride, x.address(), width, 0, out[1].address(), width);
        Gemm further = gemms.bind(true, false, vocabulary, width, 0, 1, scratch.address(), stride, x.address(), width, 1, out[1].address(), width);
        ByteBuffer upstream = in[2].bytes();
        ByteBuffer loss = out[2].bytes();
        return () -> {
            blocks.check();
            double sum = 0;
            int size;
            for (int from = 0; blocks.has(from); from += size) {
                size = blocks.size(from);
                long offset = (long) from * width;
                sum += blocks.losses(from);
                blocks.gradients(from, Lanes.get(upstream, 0));
                dx.run(size, width, vocabulary, 0, 0, offset);
                (from == 0 ? first : further).run(vocabulary, width, size, 0, offset, 0);
            }
            Lanes.put(loss, 0, (float) sum);
        };
    }
}
