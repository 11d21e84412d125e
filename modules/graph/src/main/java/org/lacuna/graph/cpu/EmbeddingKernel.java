package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.Embedding;
import org.lacuna.graph.op.LacunaOp;

/** Copies rows of the table, or multiplies them by the scale. */
final class EmbeddingKernel implements Kernel {
    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        ByteBuffer table = in[0].bytes();
        ByteBuffer ids = in[1].bytes();
        ByteBuffer x = out[0].bytes();
        int rows = Math.toIntExact(in[1].length());
        int length = in[1].spec().size(1);
        int offset = ((Embedding) op).offset();
        float scale = (float) ((Embedding) op).scale();
        int size = in[0].spec().size(0) - offset;
        int width = in[0].spec().size(1);
        int bytes = width * Float.BYTES;
        return Kernel.whole(() -> {
            check(Embedding.NAME, ids, rows, length, size);
            for (int r = 0; r < rows; r++) {
                int row = offset + ids.getInt(r * Integer.BYTES);
                if (scale == 1) {
                    x.put(r * bytes, table, row * bytes, bytes);
                } else {
                    scale(table, row * width, scale, x, r * width, width);
                }
            }
        });
    }

    private static void scale(ByteBuffer from, int f, float by, ByteBuffer to, int t, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(from, f + i).mul(by), to, t + i);
        }
        for (; i < n; i++) {
            Lanes.put(to, t + i, Lanes.get(from, f + i) * by);
        }
    }

    /** Throws for the first id that is not in [0, size), before anything is written. */
    static void check(String op, ByteBuffer ids, int rows, int length, int size) {
        for (int r = 0; r < rows; r++) {
            int id = ids.getInt(r * Integer.BYTES);
            if (id < 0 || id >= size) {
                throw Embedding.outside(op, id, r, length, size);
            }
        }
    }
}
