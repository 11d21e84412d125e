package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The gradients of {@link LmHeadLoss}, and its outputs again, in one pass over the logits.
 *
 * <pre>
 * in:  x [B, T, D], W [V, D], dLoss [], targets [B, T] INT, weight [B, T]
 * out: dx [B, T, D] = g · W, dW [V, D] = gᵀ · x, loss [], nll [B, T]
 *      with g_tv = dLoss · weight_t · (softmax_v(x_t · Wᵀ) · (1 + 2z · log Z_t) − (1 where v is the target))
 * floating argument 0: z, 0 where there is none
 * </pre>
 */
public final class LmHeadLossGrad extends LacunaOp {
    public static final String NAME = "lacuna_lm_head_loss_grad";

    public LmHeadLossGrad() {}

    private LmHeadLossGrad(SameDiff sd, SDVariable x, SDVariable table, SDVariable dLoss, SDVariable targets, SDVariable weight, double zLoss) {
        super(sd, x, table, dLoss, targets, weight);
        addTArgument(zLoss);
    }

    /** Adds dx, dW, loss and nll to the graph. */
    public static SDVariable[] of(SameDiff sd, SDVariable x, SDVariable table, SDVariable dLoss, SDVariable targets, SDVariable weight, double zLoss) {
        return new LmHeadLossGrad(sd, x, table, dLoss, targets, weight, zLoss).outputVariables();
    }

    /** As in {@link LmHeadLoss#zLoss}. */
    public double zLoss() {
        return numTArguments() == 0 ? 0 : floating(0);
    }

    @Override
    public String opName() {
        return NAME;
    }

    @Override
    public int getNumOutputs() {
        return 4;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        LmHeadLoss.checkShapes(NAME, in[0], in[1], in[3], in[4]);
        if (Arrays.stream(in[2]).reduce(1, (a, b) -> a * b) != 1) {
            throw new IllegalArgumentException(NAME + " wants one number as dLoss, not " + Arrays.toString(in[2]));
        }
        return new long[][] {in[0], in[1], {}, in[3]};
    }

    /** x · Wᵀ again, g · W and gᵀ · x. */
    @Override
    public long flops(long[][] in) {
        return 3 * Linear.product(in[0], in[1][0]);
    }

    @Override
    public Recomputes recomputes() {
        return new Recomputes(LmHeadLoss.NAME, List.of(0, 1, 3, 4), List.of(2, 3));
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray table = in[1];
        double upstream = in[2].getDouble(0);
        INDArray dx = Nd4j.createUninitialized(in[0].dataType(), in[0].size(0) * in[0].size(1), in[0].size(2));
        INDArray dw = Nd4j.zeros(table.dataType(), table.shape());
        LmHeadLoss.reference(NAME, zLoss(), in[0], table, in[3], in[4], out[2], out[3], (from, x, block) -> {
            INDArray g = block.mul(upstream);
            dx.get(NDArrayIndex.interval(from, from + x.size(0)), NDArrayIndex.all()).assign(g.mmul(table));
            dw.addi(g.transpose().mmul(x));
        });
        out[0].assign(dx.reshape(out[0].shape()));
        out[1].assign(dw);
    }
}
