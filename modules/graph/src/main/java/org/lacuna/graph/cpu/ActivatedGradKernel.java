package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.ActivatedGrad;
import org.lacuna.graph.op.LacunaOp;

/** da · f′(z), block by block, so that f′(z) is still in the cache when it is multiplied. */
final class ActivatedGradKernel implements Kernel {
    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out) {
        return GatedKernel.BLOCK * Float.BYTES;
    }

    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        ActivationPass f = new ActivationPass(((ActivatedGrad) op).activation());
        ByteBuffer da = in[0].bytes();
        ByteBuffer z = in[1].bytes();
        ByteBuffer dz = out[0].bytes();
        ByteBuffer unused = scratch.bytes();
        int n = Math.toIntExact(out[0].length());
        return () -> {
            for (int i = 0; i < n; i += GatedKernel.BLOCK) {
                int m = Math.min(GatedKernel.BLOCK, n - i);
                f.valueAndDerivative(z, i, unused, 0, dz, i, m);
                GatedKernel.multiply(dz, da, i, m);
            }
        };
    }
}
