package org.lacuna.dl4j.layer;

import java.util.Arrays;
import java.util.List;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.SitePenaltyGrad;
import org.lacuna.graph.penalty.Penalties;
import org.lacuna.graph.penalty.Penalty;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Passes vectors on as they are, and adds a penalty's gradient on the way back: how a penalty gets into the training of a network that knows
 * of a layer nothing but its output.
 *
 * <pre>
 * in:  v [B, T, n], tokenWeight [B, T] ≥ 0, 0 for a token that doesn't count
 * out: v [B, T, n]
 * integer argument 0: the penalty's code
 * floating arguments: λ, then the penalty's parameters in their order
 * </pre>
 * The derivative is dv = dy + λ · d(Σ_t w_t · φ_t)/dv: that of the loss plus {@link #value}.
 */
public final class WithPenalty extends LacunaOp {
    public static final String NAME = "lacuna_dl4j_with_penalty";

    private double value;

    public WithPenalty() {}

    private WithPenalty(SameDiff sd, Penalty penalty, double lambda, double[] parameters, SDVariable v, SDVariable tokenWeight) {
        super(sd, v, tokenWeight);
        addIArgument(penalty.code());
        addTArgument(lambda);
        addTArgument(parameters);
    }

    /** Adds the op to the graph; its output is called {@code name}. */
    static SDVariable of(SameDiff sd, String name, Penalty penalty, double lambda, double[] parameters, SDVariable v, SDVariable tokenWeight) {
        penalty.check(parameters);
        return new WithPenalty(sd, penalty, lambda, parameters, v, tokenWeight).outputVariables(name)[0];
    }

    /** λ · Σ_t w_t · φ_t of what went through last. */
    double value() {
        return value;
    }

    private Penalty penalty() {
        return Penalties.byCode(integer(0));
    }

    private double[] parameters() {
        double[] all = tArgs();
        return Arrays.copyOfRange(all, 1, all.length);
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
        long[] v = in[0];
        long[] w = in[1];
        if (v.length != 3 || w.length != 2 || w[0] != v[0] || w[1] != v[1]) {
            throw new IllegalArgumentException(NAME + " wants v [B, T, n] and token weights [B, T], not " + Arrays.deepToString(in));
        }
        return new long[][] {v};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        out[0].assign(in[0]);
        INDArray w = in[1].castTo(DataType.DOUBLE);
        INDArray counted = in[0].castTo(DataType.DOUBLE).mul(w.neq(0).castTo(DataType.DOUBLE).reshape(w.size(0), w.size(1), 1));
        value = floating(0) * penalty().reference(counted, w, parameters()).mul(w).sumNumber().doubleValue();
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable lambda = sameDiff.constant(floating(0));
        return List.of(gradients.get(0).add(SitePenaltyGrad.of(sameDiff, penalty(), parameters(), lambda, arg(0), arg(1))));
    }
}
