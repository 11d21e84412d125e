package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** dy · c_i. */
final class WeightedSumGradKernel implements Kernel {
    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        ByteBuffer dy = in[0].bytes();
        ByteBuffer coefficients = in[1].bytes();
        ByteBuffer[] dx = new ByteBuffer[out.length];
        for (int i = 0; i < dx.length; i++) {
            dx[i] = out[i].bytes();
        }
        return Kernel.whole(() -> {
            for (int i = 0; i < dx.length; i++) {
                Lanes.put(dx[i], 0, Lanes.get(dy, 0) * Lanes.get(coefficients, i));
            }
        });
    }
}
