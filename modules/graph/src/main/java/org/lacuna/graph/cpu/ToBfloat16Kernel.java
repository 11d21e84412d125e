package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** One pass. */
final class ToBfloat16Kernel extends RowKernel {
    @Override
    boolean hasRows(LacunaOp op, int index) {
        return true;
    }

    @Override
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        ByteBuffer x = in[0].bytes();
        ByteBuffer y = out[0].bytes();
        int n = Math.toIntExact(in[0].length());
        return () -> Bfloat16.round(x, 0, y, 0, n);
    }
}
