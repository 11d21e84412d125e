package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.LayerNorm;

/** {@link LayerNorm}: for each row a pass for the mean, one for the variance around it, and one for the output. */
final class LayerNormKernel extends RowKernel {
    @Override
    public Format output(LacunaOp op, int index) {
        return Format.EITHER;
    }

    @Override
    boolean hasRows(LacunaOp op, int index) {
        return index == 0;
    }

    @Override
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        double epsilon = ((LayerNorm) op).epsilon();
        ByteBuffer x = in[0].bytes();
        ByteBuffer weight = in[1].bytes();
        ByteBuffer bias = in[2].bytes();
        int rows = in[0].spec().rows();
        int d = in[0].spec().size(-1);
        Elements y = new Elements(out[0], d);
        float[] lanes = new float[Lanes.WIDTH];
        return () -> {
            for (int row = 0; row < rows; row++) {
                float mean = mean(x, row * d, d, lanes);
                float r = RmsNormKernel.reciprocalRoot(squares(x, row * d, mean, d, lanes), d, epsilon);
                scale(x, row * d, mean, r, weight, bias, y.floats(), y.place(row * d), d);
                y.written(row * d, d);
            }
        };
    }

    static float mean(ByteBuffer x, int at, int n, float[] lanes) {
        FloatVector sum = FloatVector.zero(Lanes.F);
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            sum = sum.add(Lanes.load(x, at + i));
        }
        float total = Lanes.sum(sum, lanes);
        for (; i < n; i++) {
            total += Lanes.get(x, at + i);
        }
        return total / n;
    }

    /** The sum of (x − mean)². */
    static float squares(ByteBuffer x, int at, float mean, int n, float[] lanes) {
        FloatVector sum = FloatVector.zero(Lanes.F);
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector a = Lanes.load(x, at + i).sub(mean);
            sum = a.fma(a, sum);
        }
        float total = Lanes.sum(sum, lanes);
        for (; i < n; i++) {
            float a = Lanes.get(x, at + i) - mean;
            total += a * a;
        }
        return total;
    }

    private static void scale(ByteBuffer x, int at, float mean, float r, ByteBuffer weight, ByteBuffer bias, ByteBuffer y, int yi, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(x, at + i).sub(mean).mul(r).fma(Lanes.load(weight, i), Lanes.load(bias, i)), y, yi + i);
        }
        for (; i < n; i++) {
            Lanes.put(y, yi + i, Math.fma((Lanes.get(x, at + i) - mean) * r, Lanes.get(weight, i), Lanes.get(bias, i)));
        }
    }
}
