package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** A multiple of h − hp, row by row; rows without weight are not read. */
final class HiddenDistanceGradKernel extends RowKernel {
    @Override
    public Format input(LacunaOp op, int index) {
        return index == 1 || index == 2 ? Format.EITHER : Format.FP32;
    }

    @Override
    public Format output(LacunaOp op, int index) {
        return Format.EITHER;
    }

    @Override
    boolean hasRows(LacunaOp op, int index) {
        return index > 0;
    }

    @Override
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        ByteBuffer dLoss = in[0].bytes();
        ByteBuffer weights = in[3].bytes();
        int n = in[1].spec().size(2);
        int rows = in[1].spec().rows();
        Elements h = new Elements(in[1], n);
        Elements teacher = new Elements(in[2], n);
        Elements dh = new Elements(out[0], n);
        return () -> {
            for (int row = 0; row < rows; row++) {
                float weight = Lanes.get(weights, row);
                int at = dh.place(row * n);
                if (weight == 0) {
                    Lanes.fill(dh.floats(), at, at + n, 0);
                } else {
                    float by = (float) (2.0 * Lanes.get(dLoss, 0) * weight / n);
                    difference(h.floats(), h.read(row * n, n), teacher.floats(), teacher.read(row * n, n), by, dh.floats(), at, n);
                }
                dh.written(row * n, n);
            }
        };
    }

    /** d = by · (x − y). */
    private static void difference(ByteBuffer x, int xi, ByteBuffer y, int yi, float by, ByteBuffer d, int di, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(x, xi + i).sub(Lanes.load(y, yi + i)).mul(by), d, di + i);
        }
        for (; i < n; i++) {
            Lanes.put(d, di + i, (Lanes.get(x, xi + i) - Lanes.get(y, yi + i)) * by);
        }
    }
}
