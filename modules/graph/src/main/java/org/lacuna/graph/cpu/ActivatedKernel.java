package org.lacuna.graph.cpu;

import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.Activated;
import org.lacuna.graph.op.LacunaOp;

/** f(z), block by block. */
final class ActivatedKernel extends RowKernel {
    @Override
    public Format input(LacunaOp op, int index) {
        return Format.EITHER;
    }

    @Override
    public Format output(LacunaOp op, int index) {
        return Format.EITHER;
    }

    @Override
    boolean hasRows(LacunaOp op, int index) {
        return true;
    }

    @Override
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        ActivationPass f = new ActivationPass(((Activated) op).activation());
        int block = GatedKernel.BLOCK;
        Elements z = new Elements(in[0], block);
        Elements a = new Elements(out[0], block);
        int n = Math.toIntExact(out[0].length());
        return () -> {
            for (int i = 0; i < n; i += block) {
                int m = Math.min(block, n - i);
                f.value(z.floats(), z.read(i, m), a.floats(), a.place(i), m);
                a.written(i, m);
            }
        };
    }
}
