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
        int rows = out[0].spec().rows();
        int height = (rows + panels - 1) / panels;
        Runnable[] calls = new Runnable[(rows + height - 1) / height];
        for (int p = 0; p < calls.length; p++) {
            int begin = n / rows * p * height;
            int end = n / rows * Math.min(rows, (p + 1) * height);
            calls[p] = () -> {
                select(dy, masked, dv, begin, end);
                for (int from = n; from < all; from += n) {
                    addSelected(dy, masked, from, dv, begin, end);
                }
            };
        }
        return new Runnable[][] {calls};
    }

    private static void select(ByteBuffer dy, ByteBuffer masked, ByteBuffer dv, int begin, int end) {
        int i = begin;
        for (; i <= end - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(dy, i).blend(0, Lanes.load(masked, i).compare(VectorOperators.EQ, 0)), dv, i);
        }
        for (; i < end; i++) {
            Lanes.put(dv, i, Lanes.get(masked, i) == 0 ? 0 : Lanes.get(dy, i));
        }
    }

    private static void addSelected(ByteBuffer dy, ByteBuffer masked, int from, ByteBuffer dv, int begin, int end) {
        int i = begin;
        for (; i <= end - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector d = Lanes.load(dy, from + i).blend(0, Lanes.load(masked, from + i).compare(VectorOperators.EQ, 0));
            Lanes.store(Lanes.load(dv, i).add(d), dv, i);
        }
        for (; i < end; i++) {
            Lanes.put(dv, i, Lanes.get(dv, i) + (Lanes.get(masked, from + i) == 0 ? 0 : Lanes.get(dy, from + i)));
        }
    }
}
