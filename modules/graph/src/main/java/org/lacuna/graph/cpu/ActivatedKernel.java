package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.Activated;
import org.lacuna.graph.op.LacunaOp;

/** f(z), elementwise. */
final class ActivatedKernel implements Kernel {
    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        ActivationPass f = new ActivationPass(((Activated) op).activation());
        ByteBuffer z = in[0].bytes();
        ByteBuffer a = out[0].bytes();
        int n = Math.toIntExact(out[0].length());
        return () -> f.value(z, 0, a, 0, n);
    }
}
