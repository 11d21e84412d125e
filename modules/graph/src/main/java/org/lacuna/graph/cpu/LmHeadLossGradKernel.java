package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.LmHeadLossGrad;

/** For each block: logits, losses, derivative by the logits in place, then dx = g · W and dW += gᵀ · x by GEMM. */
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
    public Format output(LacunaOp op, int index) {
        return index == 0 ? Format.EITHER : Format.FP32;
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
        LogitBlocks blocks = new LogitBlocks(gemms, LmHeadLossGrad.NAME, x, table, in[3], in[4], out[3], scratch);
        Matrix g = blocks.gradient();
        Gemm dx = gemms.bind(false, false, 0, width, vocabulary, g, Matrix.of(table), false, Matrix.of(out[0]));
        Gemm first = gemms.bind(true, false, vocabulary, width, 0, g, Matrix.of(x), false, Matrix.of(out[1]));
        Gemm further = gemms.bind(true, false, vocabulary, width, 0, g, Matrix.of(x), true, Matrix.of(out[1]));
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
