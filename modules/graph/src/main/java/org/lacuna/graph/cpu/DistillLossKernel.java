package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.DistillLoss;
import org.lacuna.graph.op.LacunaOp;

/** Block after block of both models' logits, a block's rows shared by panels; the sum of the losses in double. */
final class DistillLossKernel implements Kernel {
    private final GemmLibrary gemms;

    DistillLossKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public Format input(LacunaOp op, int index) {
        return index < 4 ? Format.BF16 : Format.FP32;
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels) {
        Pieces pieces = new Pieces(null);
        DistillRows.cut(pieces, gemms, in[0], in[1], in[2], in[3], panels);
        return pieces.bytes();
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        DistillRows.Memory memory = DistillRows.cut(new Pieces(scratch), gemms, in[0].spec(), in[1].spec(), in[2].spec(), in[3].spec(), panels);
        ChosenTokens tokens = new ChosenTokens(in[4], DistillRows.block(gemms, in[0].spec()));
        double[] losses = new double[in[0].spec().rows()];
        Runnable[] calls = new Runnable[memory.logits().length];
        for (int p = 0; p < calls.length; p++) {
            DistillRows panel = new DistillRows(gemms, ((DistillLoss) op).temperature(), tokens, new DistillRows.Model(in[0], in[1]),
                    new DistillRows.Model(in[2], in[3]), memory, p, out[1], losses);
            calls[p] = () -> {
                for (int block = 0; block < tokens.blocks(); block++) {
                    panel.losses(block);
                }
            };
        }
        ByteBuffer loss = out[0].bytes();
        ByteBuffer kl = out[1].bytes();
        Runnable choice = () -> {
            tokens.choose();
            tokens.zeroOthers(kl, 1);
            Arrays.fill(losses, 0);
        };
        return new Runnable[][] {{choice}, calls, {() -> Lanes.put(loss, 0, LogitBlocks.total(losses))}};
    }

    /**
     * Leaves exp(a) in t, with a = (t − tMost) · inverse, and adds Σ exp(a) and Σ exp(a) · (a − b) to two of {@code sums}, with
     * b = (s − sMost) · inverse.
     *
     * @param lanes 2 · WIDTH floats to work in
     */
    static void teacher(ByteBuffer t, int ti, float tMost, ByteBuffer s, int si, float sMost, float inverse, int n, float[] lanes, double[] sums) {
        FloatVector sum = FloatVector.zero(Lanes.F);
        FloatVector product = FloatVector.zero(Lanes.F);
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            FloatVector a = Lanes.load(t, ti + i).sub(tMost).mul(inverse);
            FloatVector b = Lanes.load(s, si + i).sub(sMost).mul(inverse);
            FloatVector e = Lanes.exp(a);
            Lanes.store(e, t, ti + i);
            sum = sum.add(e);
            product = product.add(e.mul(a.sub(b)));
        }
        sum.intoArray(lanes, 0);
        product.intoArray(lanes, Lanes.WIDTH);
        sums[DistillRows.TEACHER] += Lanes.sum(lanes, 0);
        sums[DistillRows.PRODUCT] += Lanes.sum(lanes, Lanes.WIDTH);
    }

    /** Leaves exp(b) in s, with b = (s − most) · inverse; returns their sum. */
    static float student(ByteBuffer s, int from, float most, float inverse, int n, float[] lanes) {
        FloatVector sum = FloatVector.zero(Lanes.F);
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            FloatVector e = Lanes.exp(Lanes.load(s, from + i).sub(most).mul(inverse));
            Lanes.store(e, s, from + i);
            sum = sum.add(e);
        }
        return Lanes.sum(sum, lanes);
    }
}
