package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.RmsNormGrad;

/**
 * {@link RmsNormGrad}, a group of a row being a row here: for each two passes for its sums and one for dx and the row's part of dweight. dweight is summed over
 * {@link #BLOCK} rows in their order, and then over such blocks in theirs, whichever panel made them.
 */
final class RmsNormGradKernel implements Kernel {
    /** Rows whose part of dweight is one sum. */
    private static final int BLOCK = 256;

    @Override
    public Format input(LacunaOp op, int index) {
        return index == 0 ? Format.EITHER : Format.FP32;
    }

    @Override
    public boolean inPlace(int input, int output) {
        return input == 0 && output == 0;
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels) {
        return CpuMemory.aligned((long) blocks(in[1], in[2]) * in[2].size(0) * Float.BYTES);
    }

    private static int rows(TensorSpec x, TensorSpec weight) {
        return Math.toIntExact(x.length() / weight.length());
    }

    private static int blocks(TensorSpec x, TensorSpec weight) {
        return (rows(x, weight) + BLOCK - 1) / BLOCK;
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        int blocks = blocks(in[1].spec(), in[2].spec());
        Runnable[] calls = new Runnable[Math.min(panels, blocks)];
        for (int p = 0; p < calls.length; p++) {
            calls[p] = panel((RmsNormGrad) op, in, out[0], scratch.bytes(), (int) ((long) blocks * p / calls.length), (int) ((long) blocks * (p + 1) / calls.length));
        }
        ByteBuffer parts = scratch.bytes();
        ByteBuffer dweight = out[1].bytes();
        int d = in[2].spec().size(0);
        return new Runnable[][] {calls, {() -> {
            dweight.put(0, parts, 0, d * Float.BYTES);
            for (int block = 1; block < blocks; block++) {
                AddKernel.add(dweight, 0, parts, block * d, dweight, 0, d);
            }
        }}};
    }

    private static Runnable panel(RmsNormGrad op, Tensor[] in, Tensor out, ByteBuffer parts, int firstBlock, int endBlock) {
        double epsilon = op.epsilon();
        float shift = (float) op.shift();
        ByteBuffer x = in[1].bytes();
        ByteBuffer weight = in[2].bytes();
        ByteBuffer dx = out.bytes();
        int d = in[2].spec().size(0);
        int end = Math.min(rows(in[1].spec(), in[2].spec()), endBlock * BLOCK);
        Elements dy = new Elements(in[0], d);
        float[] lanes = new float[Lanes.WIDTH];
        return () -> {
            for (int row = firstBlock * BLOCK; row < end; row++) {
                int part = row / BLOCK * d;
                if (row % BLOCK == 0) {
                    Lanes.fill(parts, part, part + d, 0);
                }
                int at = row * d;
                int dyAt = dy.read(at, d);
                float r = RmsNormKernel.reciprocalRoot(RmsNormKernel.squares(x, at, d, lanes), d, epsilon);
                float pull = (float) ((double) r * r * r * products(dy.floats(), dyAt, x, at, weight, shift, d, lanes) / d);
                gradients(dy.floats(), dyAt, x, at, weight, shift, r, pull, dx, parts, part, d);
            }
        };
    }

    /** The sum of dy · (shift + weight) · x over one row. */
    private static float products(ByteBuffer dy, int dyAt, ByteBuffer x, int at, ByteBuffer weight, float shift, int n, float[] lanes) {
        FloatVector sum = FloatVector.zero(Lanes.F);
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            sum = Lanes.load(dy, dyAt + i).mul(Lanes.load(weight, i).add(shift)).fma(Lanes.load(x, at + i), sum);
        }
        float total = Lanes.sum(sum, lanes);
        for (; i < n; i++) {
            total += Lanes.get(dy, dyAt + i) * (Lanes.get(weight, i) + shift) * Lanes.get(x, at + i);
        }
        return total;
    }

    /** dx = r · dy · (shift + weight) − x · pull; dweight += dy · x · r. */
    private static void gradients(ByteBuffer dy, int dyAt, ByteBuffer x, int at, ByteBuffer weight, float shift, float r, float pull,
            ByteBuffer dx, ByteBuffer dweight, int wi, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector a = Lanes.load(x, at + i);
            FloatVector g = Lanes.load(dy, dyAt + i).mul(r);
            Lanes.store(g.fma(a, Lanes.load(dweight, wi + i)), dweight, wi + i);
            Lanes.store(g.mul(Lanes.load(weight, i).add(shift)).sub(a.mul(pull)), dx, at + i);
        }
        for (; i < n; i++) {
            float a = Lanes.get(x, at + i);
            float g = Lanes.get(dy, dyAt + i) * r;
            Lanes.put(dweight, wi + i, g * a + Lanes.get(dweight, wi + i));
            Lanes.put(dx, at + i, g * (Lanes.get(weight, i) + shift) - a * pull);
        }
    }
}
