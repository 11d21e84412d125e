package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.GatedGrad;
import org.lacuna.graph.op.LacunaOp;

/** di ⊙ u ⊙ f′(z) and di ⊙ f(z), block by block. */
final class GatedGradKernel implements Kernel {
    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        ActivationPass f = new ActivationPass(((GatedGrad) op).activation());
        ByteBuffer di = in[0].bytes();
        ByteBuffer z = in[1].bytes();
        ByteBuffer u = in[2].bytes();
        ByteBuffer dz = out[0].bytes();
        ByteBuffer du = out[1].bytes();
        int n = Math.toIntExact(in[0].length());
        return () -> {
            for (int i = 0; i < n; i += GatedKernel.BLOCK) {
                int m = Math.min(GatedKernel.BLOCK, n - i);
                f.valueAndDerivative(z, i, du, i, dz, i, m);
                products(di, u, dz, du, i, m);
            }
        };
    }

    /** dz = di · u · dz, where it holds f′(z), and du = di · du, where it holds f(z). */
    private static void products(ByteBuffer di, ByteBuffer u, ByteBuffer dz, ByteBuffer du, int from, int n) {
        int i = from;
        int end = from + n;
        for (; i <= end - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector d = Lanes.load(di, i);
            Lanes.store(Lanes.load(dz, i).mul(Lanes.load(u, i)).mul(d), dz, i);
            Lanes.store(Lanes.load(du, i).mul(d), du, i);
        }
        for (; i < end; i++) {
            float d = Lanes.get(di, i);
            Lanes.put(dz, i, Lanes.get(dz, i) * Lanes.get(u, i) * d);
            Lanes.put(du, i, Lanes.get(du, i) * d);
        }
    }
}
