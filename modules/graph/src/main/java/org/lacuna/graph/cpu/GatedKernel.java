package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.Gated;
import org.lacuna.graph.op.LacunaOp;

/** f(z) ⊙ u, block by block, so that f(z) is still in the cache when it is multiplied. */
final class GatedKernel extends ElementwiseKernel {
    @Override
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        ActivationPass f = new ActivationPass(((Gated) op).activation());
        Elements z = new Elements(in[0], BLOCK);
        Elements u = new Elements(in[1], BLOCK);
        Elements intermediate = new Elements(out[0], BLOCK);
        int n = Math.toIntExact(out[0].length());
        return () -> {
            for (int i = 0; i < n; i += BLOCK) {
                int m = Math.min(BLOCK, n - i);
                int at = intermediate.place(i);
                f.value(z.floats(), z.read(i, m), intermediate.floats(), at, m);
                multiply(intermediate.floats(), at, u.floats(), u.read(i, m), m);
                intermediate.written(i, m);
            }
        };
    }

    /** x[xi + i] = x[xi + i] · y[yi + i] for i &lt; n. */
    static void multiply(ByteBuffer x, int xi, ByteBuffer y, int yi, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(x, xi + i).mul(Lanes.load(y, yi + i)), x, xi + i);
        }
        for (; i < n; i++) {
            Lanes.put(x, xi + i, Lanes.get(x, xi + i) * Lanes.get(y, yi + i));
        }
    }
}
