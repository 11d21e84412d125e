package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The gradients of {@link DistillLoss} by the student, and its outputs again, in one pass over the logits.
 *
 * <pre>
 * in:  x [B, T, D], W [V, D], dLoss [], xp [B, T, Dp], Wp [V, Dp], weight [B, T]
 * out: dx [B, T, D] = g · W, dW [V, D] = gᵀ · x, loss [], kl [B, T]
 *      with g_tv = dLoss · weight_t · τ · (q_tv − p_tv), the student's probability less the teacher's
 * floating argument 0: τ
 * </pre>
 */
public final class DistillLossGrad extends LacunaOp {
    public static final String NAME = "lacuna_distill_loss_grad";

    public DistillLossGrad() {}

    private DistillLossGrad(SameDiff sd, double temperature, SDVariable... args) {
        super(sd, args);
        addTArgument(temperature);
    }

    /** Adds dx, dW, loss and kl to the graph. */
    public static SDVariable[] of(SameDiff sd, SDVariable x, SDVariable table, SDVariable dLoss, SDVariable teacherX, SDVariable teacherTable,
            SDVariable weight, double temperature) {
        return new DistillLossGrad(sd, temperature, x, table, dLoss, teacherX, teacherTable, weight).outputVariables();
    }

    /** As in {@link DistillLoss#temperature}. */
    public double temperature() {
        return floating(0);
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
        DistillLoss.checkShapes(NAME, in[0], in[1], in[3], in[4], in[5]);
        if (Arrays.stream(in[2]).reduce(1, (a, b) -> a * b) != 1) {
            throw new IllegalArgumentException(NAME + " wants one number as dLoss, not " + Arrays.toString(in[2]));
        }
        return new long[][] {in[0], in[1], {}, in[5]};
    }

    /** x · Wᵀ and xp · Wpᵀ again, g · W and gᵀ · x. */
    @Override
    public long flops(long[][] in) {
        return 3 * Linear.product(in[0], in[1][0]) + Linear.product(in[3], in[4][0]);
    }

    @Override
    public Recomputes recomputes() {
        return new Recomputes(DistillLoss.NAME, List.of(0, 1, 3, 4, 5), List.of(2, 3));
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray table = in[1];
        double upstream = in[2].getDouble(0);
        INDArray dx = Nd4j.zeros(in[0].dataType(), in[0].size(0) * in[0].size(1), in[0].size(2));
        INDArray dw = Nd4j.zeros(table.dataType(), table.shape());
        DistillLoss.reference(temperature(), in[0], table, in[3], in[4], in[5], out[2], out[3], (tokens, x, block) -> {
            INDArray g = block.mul(upstream);
            INDArray rows = g.mmul(table);
            for (int i = 0; i < tokens.length; i++) {
                dx.putRow(tokens[i], rows.getRow(i));
            }
            dw.addi(g.transpose().mmul(x));
        });
        out[0].assign(dx.reshape(out[0].shape()));
        out[1].assign(dw);
    }
}
