package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.EmbeddingGrad;
import org.lacuna.graph.op.LacunaOp;

/** Zeroes dW, then adds row after row of dy, times the scale. */
final class EmbeddingGradKernel implements Kernel {
    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        ByteBuffer dy = in[0].bytes();
        ByteBuffer ids = in[2].bytes();
        ByteBuffer dw = out[0].bytes();
        int elements = Math.toIntExact(out[0].length());
        int rows = Math.toIntExact(in[2].length());
        int length = in[2].spec().size(1);
        int offset = ((EmbeddingGrad) op).offset();
        float scale = (float) ((EmbeddingGrad) op).scale();
        int size = out[0].spec().size(0) - offset;
        int width = out[0].spec().size(1);
        return Kernel.whole(() -> {
            EmbeddingKernel.check(EmbeddingGrad.NAME, ids, rows, length, size);
            zero(dw, elements);
            for (int r = 0; r < rows; r++) {
                addRow(dy, r * width, scale, dw, (offset + ids.getInt(r * Integer.BYTES)) * width, width);
            }
        });
    }

    private static void zero(ByteBuffer b, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(FloatVector.zero(Lanes.F), b, i);
        }
        for (; i < n; i++) {
            Lanes.put(b, i, 0);
        }
    }

    private static void addRow(ByteBuffer from, int f, float by, ByteBuffer into, int t, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(from, f + i).fma(FloatVector.broadcast(Lanes.F, by), Lanes.load(into, t + i)), into, t + i);
        }
        for (; i < n; i++) {
            Lanes.put(into, t + i, Math.fma(Lanes.get(from, f + i), by, Lanes.get(into, t + i)));
        }
    }
}
