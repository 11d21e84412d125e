package org.lacuna.graph.cpu;

import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.Activated;
import org.lacuna.graph.op.LacunaOp;

/** f(z), block by block. */
final class ActivatedKernel extends ElementwiseKernel {
    @Override
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        ActivationPass f = new ActivationPass(((Activated) op).activation());
        Elements z = new Elements(in[0], BLOCK);
        Elements a = new Elements(out[0], BLOCK);
        int n = Math.toIntExact(out[0].length());
        return () -> {
            for (int i = 0; i < n; i += BLOCK) {
                int m = Math.min(BLOCK, n - i);
                f.value(z.floats(), z.read(i, m), a.floats(), a.place(i), m);
                a.written(i, m);
            }
        };
    }
}
