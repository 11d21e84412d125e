package org.lacuna.graph.op;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The gradient of {@link ExpertLinear} with respect to one weight.
 *
 * <pre>
 * in:  x [B, T, I] with fan-out, else [B, T·k, I]; dy [B, T·k, O]
 *      W [E, O, I] of which only the shape counts; experts [B, T, k] INT, each in [0, E)
 * out: dW [E, O, I], dW[e] = Σ dyᵀ · x over the choices of expert e, in rising order; 0 where nobody chose it
 * integer argument 0: 1 for fan-out, else 0
 * </pre>
 */
public final class ExpertLinearDw extends LacunaOp {
    public static final String NAME = "lacuna_expert_linear_dw";

    public ExpertLinearDw() {}

    private ExpertLinearDw(SameDiff sd, boolean fan, SDVariable... args) {
        super(sd, args);
        addIArgument(fan ? 1 : 0);
    }

    /** Adds dW to the graph. */
    public static SDVariable of(SameDiff sd, SDVariable x, SDVariable dy, SDVariable weight, SDVariable experts, boolean fan) {
        return new ExpertLinearDw(sd, fan, x, dy, weight, experts).outputVariable();
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
        long[] x = in[0];
        long[] dy = in[1];
        long[] w = in[2];
        ExpertLinear.checkRows(NAME, "x", x, in[3], fan());
        ExpertLinear.checkRows(NAME, "dy", dy, in[3], false);
        if (w.length != 3 || w[1] != dy[2] || w[2] != x[2]) {
            throw new IllegalArgumentException(NAME + " wants a weight [E, O, I], not " + Arrays.toString(w) + ", for x " + Arrays.toString(x) + " and dy " + Arrays.toString(dy));
        }
        return new long[][] {w};
    }

    /** dyᵀ · x, a row of each for each choice. */
    @Override
    public long flops(long[][] in) {
        return ExpertLinear.product(in[3], in[2]);
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray x = ExpertLinear.choices(in[0], in[3], fan());
        INDArray dy = Linear.rows(in[1]);
        int[] experts = ExpertLinear.ids(NAME, in[3], in[2].size(0));
        INDArray dw = Nd4j.zeros(x.dataType(), in[2].shape());
        for (int i = 0; i < experts.length; i++) {
            dw.slice(experts[i]).addi(ExpertLinear.row(dy, i).transpose().mmul(ExpertLinear.row(x, i)));
        }
        out[0].assign(dw);
    }
}
