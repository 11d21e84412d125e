package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** The sum over the repetitions, in their order. */
final class FanGradKernel implements Kernel {
    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        ByteBuffer dy = in[0].bytes();
        ByteBuffer dx = out[0].bytes();
        int all = Math.toIntExact(in[0].length());
        int n = Math.toIntExact(out[0].length());
        return Kernel.whole(() -> {
            dx.put(0, dy, 0, dx.capacity());
            for (int from = n; from < all; from += n) {
                addTo(dx, dy, from, n);
            }
        });
    }

    private static void addTo(ByteBuffer sum, ByteBuffer x, int from, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(sum, i).add(Lanes.load(x, from + i)), sum, i);
        }
        for (; i < n; i++) {
            Lanes.put(sum, i, Lanes.get(sum, i) + Lanes.get(x, from + i));
        }
    }
}
