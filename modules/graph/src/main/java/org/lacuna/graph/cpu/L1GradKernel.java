package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** dPenalty · w_t with each element's sign. */
final class L1GradKernel implements Kernel {
    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        ByteBuffer dPenalty = in[0].bytes();
        ByteBuffer v = in[1].bytes();
        ByteBuffer weights = in[2].bytes();
        ByteBuffer dv = out[0].bytes();
        int n = in[1].spec().size(2);
        int rows = in[1].spec().rows();
        return () -> {
            float d = Lanes.get(dPenalty, 0);
            for (int row = 0; row < rows; row++) {
                signs(v, dv, row * n, n, d * Lanes.get(weights, row));
            }
        };
    }

    private static void signs(ByteBuffer v, ByteBuffer dv, int from, int n, float size) {
        int i = from;
        int end = from + n;
        for (; i <= end - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector x = Lanes.load(v, i);
            FloatVector d = FloatVector.zero(Lanes.F).blend(size, x.compare(VectorOperators.GT, 0)).blend(-size, x.compare(VectorOperators.LT, 0));
            Lanes.store(d, dv, i);
        }
        for (; i < end; i++) {
            float x = Lanes.get(v, i);
            Lanes.put(dv, i, x > 0 ? size : x < 0 ? -size : 0);
        }
    }
}
