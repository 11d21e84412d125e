package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** For each choice dz times its weight, and the sum of dz · y. */
final class CombineExpertsGradKernel implements Kernel {
    @Override
    public Format input(LacunaOp op, int index) {
        return index < 2 ? Format.EITHER : Format.FP32;
    }

    @Override
    public Format output(LacunaOp op, int index) {
        return index == 0 ? Format.EITHER : Format.FP32;
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        int tokens = in[0].spec().rows();
        Runnable[] calls = new Runnable[panels];
        for (int p = 0; p < panels; p++) {
            calls[p] = panel(in, out, (int) ((long) tokens * p / panels), (int) ((long) tokens * (p + 1) / panels));
        }
        return new Runnable[][] {calls};
    }

    private static Runnable panel(Tensor[] in, Tensor[] out, int from, int to) {
        int width = in[0].spec().size(-1);
        int k = in[2].spec().size(-1);
        Elements dz = new Elements(in[0], width);
        Elements y = new Elements(in[1], width);
        Elements dy = new Elements(out[0], width);
        ByteBuffer weights = in[2].bytes();
        ByteBuffer dweights = out[1].bytes();
        float[] lanes = new float[Lanes.WIDTH];
        return () -> {
            for (int token = from; token < to; token++) {
                int at = dz.read(token * width, width);
                for (int row = token * k; row < (token + 1) * k; row++) {
                    Lanes.put(dweights, row, dot(dz.floats(), at, y.floats(), y.read(row * width, width), width, lanes));
                    CombineExpertsKernel.times(dz.floats(), at, Lanes.get(weights, row), dy.floats(), dy.place(row * width), width);
                    dy.written(row * width, width);
                }
            }
        };
    }

    /** Σ a[ai + i] · b[bi + i] for i &lt; n. Two sums run side by side, since one would wait for each fma. */
    private static float dot(ByteBuffer a, int ai, ByteBuffer b, int bi, int n, float[] lanes) {
        FloatVector even = FloatVector.zero(Lanes.F);
        FloatVector odd = FloatVector.zero(Lanes.F);
        int i = 0;
        for (; i <= n - 2 * Lanes.WIDTH; i += 2 * Lanes.WIDTH) {
            even = Lanes.load(a, ai + i).fma(Lanes.load(b, bi + i), even);
            odd = Lanes.load(a, ai + i + Lanes.WIDTH).fma(Lanes.load(b, bi + i + Lanes.WIDTH), odd);
        }
        float sum = Lanes.sum(even.add(odd), lanes);
        for (; i < n; i++) {
            sum += Lanes.get(a, ai + i) * Lanes.get(b, bi + i);
        }
        return sum;
    }
}
