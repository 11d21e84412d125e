package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.RmsNormGrad;

/** {@link RmsNormGrad}: for each row two passes for its sums and one for dx and the row's part of dweight, rows in order. */
final class RmsNormGradKernel implements Kernel {
    @Override
    public Format input(LacunaOp op, int index) {
        return index == 0 ? Format.EITHER : Format.FP32;
    }

    @Override
    public boolean inPlace(int input, int output) {
        return input == 0 && output == 0;
    }

    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        double epsilon = ((RmsNormGrad) op).epsilon();
        ByteBuffer x = in[1].bytes();
        ByteBuffer weight = in[2].bytes();
        ByteBuffer dx = out[0].bytes();
        ByteBuffer dweight = out[1].bytes();
        int rows = in[1].spec().rows();
        int d = in[1].spec().size(-1);
        Elements dy = new Elements(in[0], d);
        float[] lanes = new float[Lanes.WIDTH];
        return () -> {
            Lanes.fill(dweight, 0, d, 0);
            for (int row = 0; row < rows; row++) {
                int at = row * d;
                int dyAt = dy.read(at, d);
                float r = RmsNormKernel.reciprocalRoot(RmsNormKernel.squares(x, at, d, lanes), d, epsilon);
                float pull = (float) ((double) r * r * r * products(dy.floats(), dyAt, x, at, weight, d, lanes) / d);
                gradients(dy.floats(), dyAt, x, at, weight, r, pull, dx, dweight, d);
            }
        };
    }

    /** The sum of dy · weight · x over one row. */
    private static float products(ByteBuffer dy, int dyAt, ByteBuffer x, int at, ByteBuffer weight, int n, float[] lanes) {
        FloatVector sum = FloatVector.zero(Lanes.F);
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            sum = Lanes.load(dy, dyAt + i).mul(Lanes.load(weight, i)).fma(Lanes.load(x, at + i), sum);
        }
        float total = Lanes.sum(sum, lanes);
        for (; i < n; i++) {
            total += Lanes.get(dy, dyAt + i) * Lanes.get(weight, i) * Lanes.get(x, at + i);
        }
        return total;
    }

    /** dx = r · dy · weight − x · pull; dweight += dy · x · r. */
    private static void gradients(ByteBuffer dy, int dyAt, ByteBuffer x, int at, ByteBuffer weight, float r, float pull,
            ByteBuffer dx, ByteBuffer dweight, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector a = Lanes.load(x, at + i);
            FloatVector g = Lanes.load(dy, dyAt + i).mul(r);
            Lanes.store(g.fma(a, Lanes.load(dweight, i)), dweight, i);
            Lanes.store(g.mul(Lanes.load(weight, i)).sub(a.mul(pull)), dx, at + i);
        }
        for (; i < n; i++) {
            float a = Lanes.get(x, at + i);
            float g = Lanes.get(dy, dyAt + i) * r;
            Lanes.put(dweight, i, g * a + Lanes.get(dweight, i));
            Lanes.put(dx, at + i, g * Lanes.get(weight, i) - a * pull);
        }
    }
}
