package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.LayerNormGrad;

/**
 * {@link LayerNormGrad}: for each row passes for its four sums and one for dx and the row's parts of dweight and dbias. Those are
 * summed over {@link #BLOCK} rows in their order, and then over such blocks in theirs, whichever panel made them.
 */
final class LayerNormGradKernel implements Kernel {
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
        return CpuMemory.aligned(2L * blocks(in[1]) * in[1].size(-1) * Float.BYTES);
    }

    private static int blocks(TensorSpec x) {
        return (x.rows() + BLOCK - 1) / BLOCK;
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        int blocks = blocks(in[1].spec());
        Runnable[] calls = new Runnable[Math.min(panels, blocks)];
        for (int p = 0; p < calls.length; p++) {
            calls[p] = panel((LayerNormGrad) op, in, out[0], scratch.bytes(), (int) ((long) blocks * p / calls.length), (int) ((long) blocks * (p + 1) / calls.length));
        }
        ByteBuffer parts = scratch.bytes();
        ByteBuffer dweight = out[1].bytes();
        ByteBuffer dbias = out[2].bytes();
        int d = in[1].spec().size(-1);
        return new Runnable[][] {calls, {() -> {
            addUp(parts, 0, blocks, dweight, d);
            addUp(parts, d, blocks, dbias, d);
        }}};
    }

    /** Adds up what each block has at {@code from} of its 2·d floats. */
    private static void addUp(ByteBuffer parts, int from, int blocks, ByteBuffer sum, int d) {
        sum.put(0, parts, from * Float.BYTES, d * Float.BYTES);
        for (int block = 1; block < blocks; block++) {
            AddKernel.add(sum, 0, parts, 2 * block * d + from, sum, 0, d);
        }
    }

    private static Runnable panel(LayerNormGrad op, Tensor[] in, Tensor out, ByteBuffer parts, int firstBlock, int endBlock) {
        double epsilon = op.epsilon();
        ByteBuffer x = in[1].bytes();
        ByteBuffer weight = in[2].bytes();
        ByteBuffer dx = out.bytes();
        int d = in[1].spec().size(-1);
        int end = Math.min(in[1].spec().rows(), endBlock * BLOCK);
        Elements dy = new Elements(in[0], d);
        float[] lanes = new float[Lanes.WIDTH];
        return () -> {
            for (int row = firstBlock * BLOCK; row < end; row++) {
                int part = 2 * (row / BLOCK) * d;
                if (row % BLOCK == 0) {
                    Lanes.fill(parts, part, part + 2 * d, 0);
                }
                int at = row * d;
                int dyAt = dy.read(at, d);
                float mean = LayerNormKernel.mean(x, at, d, lanes);
                float r = RmsNormKernel.reciprocalRoot(LayerNormKernel.squares(x, at, mean, d, lanes), d, epsilon);
                float gMean = weightedSum(dy.floats(), dyAt, weight, d, lanes) / d;
                float pull = (float) ((double) r * r * products(dy.floats(), dyAt, x, at, mean, weight, d, lanes) / d);
                sums(dy.floats(), dyAt, x, at, mean, r, parts, part, d);
                inputs(dy.floats(), dyAt, x, at, mean, weight, r, gMean, pull, dx, d);
            }
        };
    }

    /** The sum of dy · weight over one row. */
    private static float weightedSum(ByteBuffer dy, int dyAt, ByteBuffer weight, int n, float[] lanes) {
        FloatVector sum = FloatVector.zero(Lanes.F);
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            sum = Lanes.load(dy, dyAt + i).fma(Lanes.load(weight, i), sum);
        }
        float total = Lanes.sum(sum, lanes);
        for (; i < n; i++) {
            total += Lanes.get(dy, dyAt + i) * Lanes.get(weight, i);
        }
        return total;
    }

    /** The sum of dy · weight · (x − mean) over one row. */
    private static float products(ByteBuffer dy, int dyAt, ByteBuffer x, int at, float mean, ByteBuffer weight, int n, float[] lanes) {
        FloatVector sum = FloatVector.zero(Lanes.F);
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            sum = Lanes.load(dy, dyAt + i).mul(Lanes.load(weight, i)).fma(Lanes.load(x, at + i).sub(mean), sum);
        }
        float total = Lanes.sum(sum, lanes);
        for (; i < n; i++) {
            total += Lanes.get(dy, dyAt + i) * Lanes.get(weight, i) * (Lanes.get(x, at + i) - mean);
        }
        return total;
    }

    /** dweight += dy · (x − mean) · r; dbias, d floats behind it, += dy. */
    private static void sums(ByteBuffer dy, int dyAt, ByteBuffer x, int at, float mean, float r, ByteBuffer parts, int part, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector g = Lanes.load(dy, dyAt + i);
            Lanes.store(Lanes.load(x, at + i).sub(mean).mul(r).fma(g, Lanes.load(parts, part + i)), parts, part + i);
            Lanes.store(g.add(Lanes.load(parts, part + n + i)), parts, part + n + i);
        }
        for (; i < n; i++) {
            float g = Lanes.get(dy, dyAt + i);
            Lanes.put(parts, part + i, (Lanes.get(x, at + i) - mean) * r * g + Lanes.get(parts, part + i));
            Lanes.put(parts, part + n + i, g + Lanes.get(parts, part + n + i));
        }
    }

    /** dx = r · (dy · weight − gMean − (x − mean) · pull). */
    private static void inputs(ByteBuffer dy, int dyAt, ByteBuffer x, int at, float mean, ByteBuffer weight, float r, float gMean, float pull, ByteBuffer dx, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector g = Lanes.load(dy, dyAt + i).mul(Lanes.load(weight, i)).sub(gMean);
            Lanes.store(g.sub(Lanes.load(x, at + i).sub(mean).mul(pull)).mul(r), dx, at + i);
        }
        for (; i < n; i++) {
            float g = Lanes.get(dy, dyAt + i) * Lanes.get(weight, i) - gMean;
            Lanes.put(dx, at + i, (g - (Lanes.get(x, at + i) - mean) * pull) * r);
        }
    }
}
