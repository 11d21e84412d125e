package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** x + y, elementwise. */
final class AddKernel implements Kernel {
    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        ByteBuffer x = in[0].bytes();
        ByteBuffer y = in[1].bytes();
        ByteBuffer sum = out[0].bytes();
        int n = Math.toIntExact(out[0].length());
        return () -> add(x, y, sum, n);
    }

    static void add(ByteBuffer x, ByteBuffer y, ByteBuffer sum, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(x, i).add(Lanes.load(y, i)), sum, i);
        }
        for (; i < n; i++) {
            Lanes.put(sum, i, Lanes.get(x, i) + Lanes.get(y, i));
        }
    }
}
