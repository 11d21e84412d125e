package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** A token's rows, one after the other, weighted and added up in float. */
final class CombineExpertsKernel implements Kernel {
    @Override
    public Format input(LacunaOp op, int index) {
        return index == 0 ? Format.EITHER : Format.FP32;
    }

    @Override
    public Format output(LacunaOp op, int index) {
        return Format.EITHER;
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        int tokens = out[0].spec().rows();
        Runnable[] calls = new Runnable[panels];
        for (int p = 0; p < panels; p++) {
            calls[p] = panel(in[0], in[1], out[0], (int) ((long) tokens * p / panels), (int) ((long) tokens * (p + 1) / panels));
        }
        return new Runnable[][] {calls};
    }

    private static Runnable panel(Tensor choices, Tensor weightings, Tensor sums, int from, int to) {
        int width = sums.spec().size(-1);
        int k = weightings.spec().size(-1);
        Elements y = new Elements(choices, width);
        Elements z = new Elements(sums, width);
        ByteBuffer weights = weightings.bytes();
        return () -> {
            for (int token = from; token < to; token++) {
                int at = z.place(token * width);
                for (int row = token * k; row < (token + 1) * k; row++) {
                    float weight = Lanes.get(weights, row);
                    if (row == token * k) {
                        times(y.floats(), y.read(row * width, width), weight, z.floats(), at, width);
                    } else {
                        addTimes(y.floats(), y.read(row * width, width), weight, z.floats(), at, width);
                    }
                }
                z.written(token * width, width);
            }
        };
    }

    /** z[zi + i] = weight · y[yi + i] for i &lt; n. */
    static void times(ByteBuffer y, int yi, float weight, ByteBuffer z, int zi, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(y, yi + i).mul(weight), z, zi + i);
        }
        for (; i < n; i++) {
            Lanes.put(z, zi + i, Lanes.get(y, yi + i) * weight);
        }
    }

    private static void addTimes(ByteBuffer y, int yi, float weight, ByteBuffer z, int zi, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(y, yi + i).mul(weight).add(Lanes.load(z, zi + i)), z, zi + i);
        }
        for (; i < n; i++) {
            Lanes.put(z, zi + i, Lanes.get(y, yi + i) * weight + Lanes.get(z, zi + i));
        }
    }
}
