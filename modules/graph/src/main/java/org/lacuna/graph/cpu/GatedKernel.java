package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.Gated;
import org.lacuna.graph.op.LacunaOp;

/** f(z) ⊙ u, block by block, so that f(z) is still in the cache when it is multiplied. */
final class GatedKernel implements Kernel {
    /** Elements at a time: five tensors' blocks, as the gradient has them, fit into a first-level cache of 32 KiB. */
    static final int BLOCK = 1024;

    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        ActivationPass f = new ActivationPass(((Gated) op).activation());
        ByteBuffer z = in[0].bytes();
        ByteBuffer u = in[1].bytes();
        ByteBuffer intermediate = out[0].bytes();
        int n = Math.toIntExact(out[0].length());
        return () -> {
            for (int i = 0; i < n; i += BLOCK) {
                int m = Math.min(BLOCK, n - i);
                f.value(z, i, intermediate, i, m);
                multiply(intermediate, u, i, m);
            }
        };
    }

    /** x = x · y for elements {@code from} to {@code from + n}. */
    static void multiply(ByteBuffer x, ByteBuffer y, int from, int n) {
        int i = from;
        int end = from + n;
        for (; i <= end - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(x, i).mul(Lanes.load(y, i)), x, i);
        }
        for (; i < end; i++) {
            Lanes.put(x, i, Lanes.get(x, i) * Lanes.get(y, i));
        }
    }
}
