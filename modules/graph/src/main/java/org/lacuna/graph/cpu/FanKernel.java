package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** A tensor copied as often as it fits into the output. */
final class FanKernel implements Kernel {
    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        ByteBuffer x = in[0].bytes();
        ByteBuffer wide = out[0].bytes();
        return Kernel.whole(() -> {
            for (int to = 0; to < wide.capacity(); to += x.capacity()) {
                wide.put(to, x, 0, x.capacity());
            }
        });
    }
}
