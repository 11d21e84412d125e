package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** dPenalty · w_t with each element's sign. */
final class L1GradKernel extends RowKernel {
    @Override
    public Format input(LacunaOp op, int index) {
        return index == 1 ? Format.EITHER : Format.FP32;
    }

    @Override
    public Format output(LacunaOp op, int index) {
        return Format.EITHER;
    }

    @Override
    boolean hasRows(LacunaOp op, int index) {
        return index > 0;
    }

    @Override
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        ByteBuffer dPenalty = in[0].bytes();
        ByteBuffer weights = in[2].bytes();
        int n = in[1].spec().size(2);
        int rows = in[1].spec().rows();
        Elements v = new Elements(in[1], n);
        Elements dv = new Elements(out[0], n);
        return () -> {
            float d = Lanes.get(dPenalty, 0);
            for (int row = 0; row < rows; row++) {
                signs(v.floats(), v.read(row * n, n), dv.floats(), dv.place(row * n), n, d * Lanes.get(weights, row));
                dv.written(row * n, n);
            }
        };
    }

    private static void signs(ByteBuffer v, int vi, ByteBuffer dv, int di, int n, float size) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector x = Lanes.load(v, vi + i);
            FloatVector d = FloatVector.zero(Lanes.F).blend(size, x.compare(VectorOperators.GT, 0)).blend(-size, x.compare(VectorOperators.LT, 0));
            Lanes.store(d, dv, di + i);
        }
        for (; i < n; i++) {
            float x = Lanes.get(v, vi + i);
            Lanes.put(dv, di + i, x > 0 ? size : x < 0 ? -size : 0);
        }
    }
}
