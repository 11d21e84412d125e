package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.SitePenaltyGrad;
import org.lacuna.graph.penalty.PenaltyLoops;

/** The penalty's gradient, panels sharing the tokens; 0 for those that don't count. */
final class SitePenaltyGradKernel implements Kernel {
    @Override
    public Format input(LacunaOp op, int index) {
        return index == 1 ? Format.EITHER : Format.FP32;
    }

    @Override
    public Format output(LacunaOp op, int index) {
        return Format.EITHER;
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        SitePenaltyGrad site = (SitePenaltyGrad) op;
        int n = in[1].spec().size(2);
        int step = site.penalty().loops(n, site.parameters()).step();
        Stretches.Stretch[][] cut = Stretches.cut(in[1].spec().size(0), in[1].spec().size(1), step, panels);
        Runnable[] calls = new Runnable[cut.length];
        for (int p = 0; p < calls.length; p++) {
            PenaltyLoops loops = site.penalty().loops(n, site.parameters());
            calls[p] = panel(loops, cut[p], in[0].bytes(), new TokenRows(in[1], in[2], loops.readable()), new TokenRows(out[0], in[2], 1));
        }
        return new Runnable[][] {calls};
    }

    private static Runnable panel(PenaltyLoops loops, Stretches.Stretch[] stretches, ByteBuffer dPenalty, TokenRows v, TokenRows dv) {
        return () -> {
            for (Stretches.Stretch s : stretches) {
                v.sequence(s.sequence());
                dv.sequence(s.sequence());
                for (int t = s.from(); t < s.to(); t++) {
                    if (!v.counts(t)) {
                        dv.clear(t);
                    }
                }
                loops.gradients(v, s.from(), s.to(), Lanes.get(dPenalty, 0), dv);
            }
        };
    }
}
