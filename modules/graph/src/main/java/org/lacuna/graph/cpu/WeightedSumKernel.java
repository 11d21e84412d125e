package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** Σ c_i · x_i in double. */
final class WeightedSumKernel implements Kernel {
    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        int k = in.length - 1;
        ByteBuffer[] terms = new ByteBuffer[k];
        for (int i = 0; i < k; i++) {
            terms[i] = in[i].bytes();
        }
        ByteBuffer coefficients = in[k].bytes();
        ByteBuffer y = out[0].bytes();
        return Kernel.whole(() -> {
            double sum = 0;
            for (int i = 0; i < k; i++) {
                sum += (double) Lanes.get(coefficients, i) * Lanes.get(terms[i], 0);
            }
            Lanes.put(y, 0, (float) sum);
        });
    }
}
