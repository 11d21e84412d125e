package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.Scale;

/** s · x, block by block. */
final class ScaleKernel extends ElementwiseKernel {
    @Override
    public boolean inPlace(int input, int output) {
        return true;
    }

    @Override
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        float scale = (float) ((Scale) op).scale();
        Elements x = new Elements(in[0], BLOCK);
        Elements y = new Elements(out[0], BLOCK);
        int n = Math.toIntExact(out[0].length());
        return () -> {
            for (int i = 0; i < n; i += BLOCK) {
                int m = Math.min(BLOCK, n - i);
                scale(x.floats(), x.read(i, m), scale, y.floats(), y.place(i), m);
                y.written(i, m);
            }
        };
    }

    private static void scale(ByteBuffer x, int xi, float by, ByteBuffer y, int yi, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(x, xi + i).mul(by), y, yi + i);
        }
        for (; i < n; i++) {
            Lanes.put(y, yi + i, Lanes.get(x, xi + i) * by);
        }
    }
}
