package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.SitePenalty;
import org.lacuna.graph.penalty.PenaltyLoops;

/** φ of each token that counts, panels sharing the tokens; then the tokens are added up in their order, in double. */
final class SitePenaltyKernel implements Kernel {
    @Override
    public Format input(LacunaOp op, int index) {
        return index == 0 ? Format.EITHER : Format.FP32;
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        SitePenalty site = (SitePenalty) op;
        int sequences = in[0].spec().size(0);
        int tokens = in[0].spec().size(1);
        int n = in[0].spec().size(2);
        double[] phi = new double[in[0].spec().rows()];
        Stretches.Stretch[][] cut = Stretches.cut(sequences, tokens, site.penalty().loops(n, site.parameters()).step(), panels);
        Runnable[] calls = new Runnable[cut.length];
        for (int p = 0; p < calls.length; p++) {
            PenaltyLoops loops = site.penalty().loops(n, site.parameters());
            calls[p] = panel(loops, cut[p], new TokenRows(in[0], in[1], loops.readable()), tokens, phi);
        }
        ByteBuffer weights = in[1].bytes();
        ByteBuffer penalty = out[0].bytes();
        return new Runnable[][] {calls, {() -> Lanes.put(penalty, 0, (float) sum(phi, weights))}};
    }

    private static Runnable panel(PenaltyLoops loops, Stretches.Stretch[] stretches, TokenRows v, int tokens, double[] phi) {
        return () -> {
            for (Stretches.Stretch s : stretches) {
                v.sequence(s.sequence());
                loops.values(v, s.from(), s.to(), phi, s.sequence() * tokens);
            }
        };
    }

    private static double sum(double[] phi, ByteBuffer weights) {
        double sum = 0;
        for (int row = 0; row < phi.length; row++) {
            float weight = Lanes.get(weights, row);
            if (weight > 0) {
                sum += weight * phi[row];
            }
        }
        return sum;
    }
}
