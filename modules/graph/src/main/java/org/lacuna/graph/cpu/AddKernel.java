package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.Add;
import org.lacuna.graph.op.LacunaOp;

/** x + s · y, block by block, rounded once. The sum stays in fp32: it is the residual stream, or its gradient. */
final class AddKernel extends ElementwiseKernel {
    @Override
    public Format output(LacunaOp op, int index) {
        return Format.FP32;
    }

    @Override
    public boolean inPlace(int input, int output) {
        return true;
    }

    @Override
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        Elements x = new Elements(in[0], BLOCK);
        Elements y = new Elements(in[1], BLOCK);
        float scale = (float) ((Add) op).scale();
        ByteBuffer sum = out[0].bytes();
        int n = Math.toIntExact(out[0].length());
        return () -> {
            for (int i = 0; i < n; i += BLOCK) {
                int m = Math.min(BLOCK, n - i);
                if (scale == 1) {
                    add(x.floats(), x.read(i, m), y.floats(), y.read(i, m), sum, i, m);
                } else {
                    addScaled(x.floats(), x.read(i, m), y.floats(), y.read(i, m), scale, sum, i, m);
                }
            }
        };
    }

    /** sum[si + i] = x[xi + i] + y[yi + i] for i &lt; n. */
    static void add(ByteBuffer x, int xi, ByteBuffer y, int yi, ByteBuffer sum, int si, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(x, xi + i).add(Lanes.load(y, yi + i)), sum, si + i);
        }
        for (; i < n; i++) {
            Lanes.put(sum, si + i, Lanes.get(x, xi + i) + Lanes.get(y, yi + i));
        }
    }

    /** sum[si + i] = x[xi + i] + scale · y[yi + i] for i &lt; n. */
    private static void addScaled(ByteBuffer x, int xi, ByteBuffer y, int yi, float scale, ByteBuffer sum, int si, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(y, yi + i).fma(FloatVector.broadcast(Lanes.F, scale), Lanes.load(x, xi + i)), sum, si + i);
        }
        for (; i < n; i++) {
            Lanes.put(sum, si + i, Math.fma(Lanes.get(y, yi + i), scale, Lanes.get(x, xi + i)));
        }
    }
}
