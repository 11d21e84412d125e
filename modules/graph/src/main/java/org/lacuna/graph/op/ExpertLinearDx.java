package org.lacuna.graph.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The gradient of {@link ExpertLinear} with respect to its input.
 *
 * <pre>
 * in:  dy_1 [B, T·k, O_1], …, dy_n [B, T·k, O_n], W_1 [E, O_1, I], …, W_n [E, O_n, I]
 *      experts [B, T, k] INT, each in [0, E)
 * out: dx [B, T·k, I], dx[b, t·k + r] = Σ_j dy_j[b, t·k + r] · W_j[experts[b, t, r]];
 *      with fan-out [B, T, I], the sum of that over the k choices, in rising order
 * integer argument 0: 1 for fan-out, else 0
 * </pre>
 */
public final class ExpertLinearDx extends LacunaOp {
    public static final String NAME = "lacuna_expert_linear_dx";

    public ExpertLinearDx() {}

    private ExpertLinearDx(SameDiff sd, boolean fan, List<SDVariable> args) {
        super(sd, args.toArray(SDVariable[]::new));
        addIArgument(fan ? 1 : 0);
    }

    /** Adds dx to the graph. */
    public static SDVariable of(SameDiff sd, List<SDVariable> dy, List<SDVariable> weights, SDVariable experts, boolean fan) {
        List<SDVariable> args = new ArrayList<>(dy);
        args.addAll(weights);
        args.add(experts);
        return new ExpertLinearDx(sd, fan, args).outputVariable();
    }

    /** As in {@link ExpertLinear#fan}. */
    public boolean fan() {
        return integer(0) == 1;
    }

    @Override
    public String opName() {
        return NAME;
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        int n = in.length / 2;
        long[] experts = in[2 * n];
        for (int j = 0; j < n; j++) {
            long[] dy = in[j];
            long[] w = in[n + j];
            ExpertLinear.checkRows(NAME, "dy", dy, experts, false);
            if (w.length != 3 || w[1] != dy[2] || w[0] != in[n][0] || w[2] != in[n][2]) {
                throw new IllegalArgumentException(NAME + " wants pairs of dy [B, T·k, O] and weight [E, O, I], not " + Arrays.toString(dy) + " and " + Arrays.toString(w));
            }
        }
        return new long[][] {{experts[0], experts[1] * (fan() ? 1 : experts[2]), in[n][2]}};
    }

    /** dy_j · W_j[expert] for each choice and each weight. */
    @Override
    public long flops(long[][] in) {
        int n = in.length / 2;
        long flops = 0;
        for (int j = 0; j < n; j++) {
            flops += ExpertLinear.product(in[2 * n], in[n + j]);
        }
        return flops;
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        int n = in.length / 2;
        int[] experts = ExpertLinear.ids(NAME, in[2 * n], in[n].size(0));
        long k = in[2 * n].size(2);
        long inner = in[n].size(2);
        INDArray dx = Nd4j.zeros(in[0].dataType(), experts.length, inner);
        for (int j = 0; j < n; j++) {
            INDArray dy = Linear.rows(in[j]);
            for (int i = 0; i < experts.length; i++) {
                dx.putRow(i, ExpertLinear.row(dx, i).add(ExpertLinear.row(dy, i).mmul(ExpertLinear.matrix(in[n + j], experts[i]))));
            }
        }
        INDArray result = fan() ? dx.reshape(experts.length / k, k, inner).sum(1) : dx;
        out[0].assign(result.reshape(out[0].shape()));
    }
}
