package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.Activity;
import org.lacuna.graph.op.LacunaOp;

/** {@link Activity}: counts columns row by row, without reading rows of weight 0. Panels share columns. */
final class ActivityKernel implements Kernel {
    @Override
    public Format input(LacunaOp op, int index) {
        return index == 0 ? Format.EITHER : Format.FP32;
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        int n = in[0].spec().size(2);
        int vectors = (n + Lanes.WIDTH - 1) / Lanes.WIDTH;
        Runnable[] calls = new Runnable[Math.min(panels, vectors)];
        for (int p = 0; p < calls.length; p++) {
            int from = (int) ((long) vectors * p / calls.length) * Lanes.WIDTH;
            int to = Math.min(n, (int) ((long) vectors * (p + 1) / calls.length) * Lanes.WIDTH);
            calls[p] = panel(in[0], in[1].bytes(), out[0].bytes(), from, to - from);
        }
        return new Runnable[][] {calls};
    }

    private static Runnable panel(Tensor tensor, ByteBuffer weights, ByteBuffer active, int from, int columns) {
        int n = tensor.spec().size(2);
        int rows = tensor.spec().rows();
        Elements v = new Elements(tensor, columns);
        return () -> {
            Lanes.fill(active, from, from + columns, 0);
            for (int row = 0; row < rows; row++) {
                if (Lanes.get(weights, row) > 0) {
                    count(v.floats(), v.read(row * n + from, columns), active, from, columns);
                }
            }
        };
    }

    /** Adds 1 where an element is not 0: any bit beside its sign is set then, and with it the sign of its bits or of their negative. */
    private static void count(ByteBuffer v, int at, ByteBuffer active, int from, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            IntVector bits = Lanes.load(v, at + i).reinterpretAsInts().lanewise(VectorOperators.LSHL, 1);
            IntVector one = bits.or(bits.neg()).lanewise(VectorOperators.LSHR, 31);
            IntVector sum = Lanes.load(active, from + i).reinterpretAsInts().add(one);
            Lanes.store(sum.reinterpretAsFloats(), active, from + i);
        }
        for (; i < n; i++) {
            int index = (from + i) * Integer.BYTES;
            active.putInt(index, active.getInt(index) + (Lanes.get(v, at + i) == 0 ? 0 : 1));
        }
    }
}
