package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.RmsNorm;

/** {@link RmsNorm}: for each group of a row a pass for the sum of squares and one for the output. */
final class RmsNormKernel extends RowKernel {
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
        double epsilon = ((RmsNorm) op).epsilon();
        float shift = (float) ((RmsNorm) op).shift();
        ByteBuffer x = in[0].bytes();
        ByteBuffer weight = in[1].bytes();
        int d = in[1].spec().size(0);
        int rows = Math.toIntExact(in[0].length() / d);
        Elements y = new Elements(out[0], d);
        float[] lanes = new float[Lanes.WIDTH];
        return () -> {
            for (int row = 0; row < rows; row++) {
                float r = reciprocalRoot(squares(x, row * d, d, lanes), d, epsilon);
                scale(x, row * d, r, weight, shift, y.floats(), y.place(row * d), d);
                y.written(row * d, d);
            }
        };
    }

    /** 1 / sqrt(sum / n + epsilon). */
    static float reciprocalRoot(float sum, int n, double epsilon) {
        return (float) (1 / Math.sqrt((double) sum / n + epsilon));
    }

    /** The sum of the squares of n elements. Two sums run side by side, since one would wait for each fma. */
    static float squares(ByteBuffer x, int at, int n, float[] lanes) {
        FloatVector even = FloatVector.zero(Lanes.F);
        FloatVector odd = FloatVector.zero(Lanes.F);
        int i = 0;
        for (; i <= n - 2 * Lanes.WIDTH; i += 2 * Lanes.WIDTH) {
            FloatVector a = Lanes.load(x, at + i);
            FloatVector b = Lanes.load(x, at + i + Lanes.WIDTH);
            even = a.fma(a, even);
            odd = b.fma(b, odd);
        }
        float sum = Lanes.sum(even.add(odd), lanes);
        for (; i < n; i++) {
            float a = Lanes.get(x, at + i);
            sum += a * a;
        }
        return sum;
    }

    private static void scale(ByteBuffer x, int at, float r, ByteBuffer weight, float shift, ByteBuffer y, int yi, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(x, at + i).mul(r).mul(Lanes.load(weight, i).add(shift)), y, yi + i);
        }
        for (; i < n; i++) {
            Lanes.put(y, yi + i, Lanes.get(x, at + i) * r * (Lanes.get(weight, i) + shift));
        }
    }
}
