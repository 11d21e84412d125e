package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.RouteGrad;

/** Makes the softmax again and puts dlogits together in double, token by token. */
final class RouteGradKernel implements Kernel {
    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        int rows = in[1].spec().rows();
        int width = in[1].spec().size(-1);
        Runnable[] calls = new Runnable[panels];
        for (int p = 0; p < panels; p++) {
            calls[p] = new Panel(((RouteGrad) op).renormalised(), in, out[0], (int) ((long) rows * p / panels), (int) ((long) rows * (p + 1) / panels));
        }
        Runnable check = () -> ExpertRows.check(RouteGrad.NAME, in[2], width);
        return new Runnable[][] {{check}, calls};
    }

    /** Some tokens. */
    private static final class Panel implements Runnable {
        private final boolean renormalised;
        private final ByteBuffer dweights;
        private final ByteBuffer logits;
        private final ByteBuffer experts;
        private final ByteBuffer dlogits;
        private final int from;
        private final int to;
        private final int k;
        private final int width;
        private final RouteKernel.Softmax softmax;

        Panel(boolean renormalised, Tensor[] in, Tensor out, int from, int to) {
            this.renormalised = renormalised;
            dweights = in[0].bytes();
            logits = in[1].bytes();
            experts = in[2].bytes();
            dlogits = out.bytes();
            this.from = from;
            this.to = to;
            k = in[0].spec().size(-1);
            width = in[1].spec().size(-1);
            softmax = new RouteKernel.Softmax(width);
        }

        @Override
        public void run() {
            for (int row = from; row < to; row++) {
                softmax.run(logits, row * width);
                double[] p = softmax.terms;
                double chosen = 0;
                double pull = 0;
                for (int i = row * k; i < (row + 1) * k; i++) {
                    double term = p[experts.getInt(i * Integer.BYTES)];
                    chosen += term;
                    pull += Lanes.get(dweights, i) * term;
                }
                double total = renormalised ? chosen : softmax.sum;
                pull /= total;
                for (int e = 0; e < width; e++) {
                    Lanes.put(dlogits, row * width + e, renormalised ? 0 : (float) (-p[e] / total * pull));
                }
                for (int i = row * k; i < (row + 1) * k; i++) {
                    int e = experts.getInt(i * Integer.BYTES);
                    Lanes.put(dlogits, row * width + e, (float) (p[e] / total * (Lanes.get(dweights, i) - pull)));
                }
            }
        }
    }
}
