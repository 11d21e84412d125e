package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.Repeat;

/** Copies each element so many times. */
final class RepeatKernel implements Kernel {
    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        int times = ((Repeat) op).times();
        int size = in[0].spec().elementBytes();
        int all = in[0].bytes().capacity();
        ByteBuffer x = in[0].bytes();
        ByteBuffer y = out[0].bytes();
        return Kernel.whole(() -> {
            int to = 0;
            for (int from = 0; from < all; from += size) {
                for (int i = 0; i < times; i++, to += size) {
                    y.put(to, x, from, size);
                }
            }
        });
    }
}
