package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.GatedGrad;
import org.lacuna.graph.op.LacunaOp;

/** di ⊙ u ⊙ f′(z) and di ⊙ f(z), block by block. */
final class GatedGradKernel extends ElementwiseKernel {
    @Override
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        ActivationPass f = new ActivationPass(((GatedGrad) op).activation());
        Elements di = new Elements(in[0], BLOCK);
        Elements z = new Elements(in[1], BLOCK);
        Elements u = new Elements(in[2], BLOCK);
        Elements dz = new Elements(out[0], BLOCK);
        Elements du = new Elements(out[1], BLOCK);
        int n = Math.toIntExact(in[0].length());
        return () -> {
            for (int i = 0; i < n; i += BLOCK) {
                int m = Math.min(BLOCK, n - i);
                int dzAt = dz.place(i);
                int duAt = du.place(i);
                f.valueAndDerivative(z.floats(), z.read(i, m), du.floats(), duAt, dz.floats(), dzAt, m);
                products(di.floats(), di.read(i, m), u.floats(), u.read(i, m), dz.floats(), dzAt, du.floats(), duAt, m);
                dz.written(i, m);
                du.written(i, m);
            }
        };
    }

    /** dz = di · u · dz, where it holds f′(z), and du = di · du, where it holds f(z). */
    private static void products(ByteBuffer di, int dii, ByteBuffer u, int ui, ByteBuffer dz, int dzi, ByteBuffer du, int dui, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector d = Lanes.load(di, dii + i);
            Lanes.store(Lanes.load(dz, dzi + i).mul(Lanes.load(u, ui + i)).mul(d), dz, dzi + i);
            Lanes.store(Lanes.load(du, dui + i).mul(d), du, dui + i);
        }
        for (; i < n; i++) {
            float d = Lanes.get(di, dii + i);
            Lanes.put(dz, dzi + i, Lanes.get(dz, dzi + i) * Lanes.get(u, ui + i) * d);
            Lanes.put(du, dui + i, Lanes.get(du, dui + i) * d);
        }
    }
}
