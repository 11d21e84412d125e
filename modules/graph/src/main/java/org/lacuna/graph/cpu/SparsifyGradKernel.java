package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** dy where the masked value is not 0; with fan-out, summed over the rules in their order. */
final class SparsifyGradKernel implements Kernel {
    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        ByteBuffer dy = in[0].bytes();
        ByteBuffer masked = in[1].bytes();
        ByteBuffer dv = out[0].bytes();
        int all = Math.toIntExact(in[0].length());
        int n = Math.toIntExact(out[0].length());
        return Kernel.whole(() -> {
            select(dy, masked, dv, n);
            for (int from = n; from < all; from += n) {
                addSelected(dy, masked, from, dv, n);
            }
        });
    }

    private static void select(ByteBuffer dy, ByteBuffer masked, ByteBuffer dv, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(dy, i).blend(0, Lanes.load(masked, i).compare(VectorOperators.EQ, 0)), dv, i);
        }
        for (; i < n; i++) {
            Lanes.put(dv, i, Lanes.get(masked, i) == 0 ? 0 : Lanes.get(dy, i));
        }
    }

    private static void addSelected(ByteBuffer dy, ByteBuffer masked, int from, ByteBuffer dv, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector d = Lanes.load(dy, from + i).blend(0, Lanes.load(masked, from + i).compare(VectorOperators.EQ, 0));
            Lanes.store(Lanes.load(dv, i).add(d), dv, i);
        }
        for (; i < n; i++) {
            Lanes.put(dv, i, Lanes.get(dv, i) + (Lanes.get(masked, from + i) == 0 ? 0 : Lanes.get(dy, from + i)));
        }
    }
}
