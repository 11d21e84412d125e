package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.ActivatedGrad;
import org.lacuna.graph.op.LacunaOp;

/** da · f′(z), block by block, so that f′(z) is still in the cache when it is multiplied. */
final class ActivatedGradKernel extends ElementwiseKernel {
    @Override
    long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out) {
        return BLOCK * Float.BYTES;
    }

    @Override
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        ActivationPass f = new ActivationPass(((ActivatedGrad) op).activation());
        Elements da = new Elements(in[0], BLOCK);
        Elements z = new Elements(in[1], BLOCK);
        Elements dz = new Elements(out[0], BLOCK);
        ByteBuffer unused = scratch.bytes();
        int n = Math.toIntExact(out[0].length());
        return () -> {
            for (int i = 0; i < n; i += BLOCK) {
                int m = Math.min(BLOCK, n - i);
                int at = dz.place(i);
                f.valueAndDerivative(z.floats(), z.read(i, m), unused, 0, dz.floats(), at, m);
                GatedKernel.multiply(dz.floats(), at, da.floats(), da.read(i, m), m);
                dz.written(i, m);
            }
        };
    }
}
