package org.lacuna.graph.op;

import java.util.List;
import org.lacuna.graph.penalty.Penalties;
import org.lacuna.graph.penalty.Penalty;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The derivative of {@link SitePenalty}.
 *
 * <pre>
 * in:  dPenalty [], v [B, T, n], tokenWeight [B, T]
 * out: dv [B, T, n] = dPenalty · d(Σ_t w_t · φ_t)/dv, 0 for a token of weight 0, whose vector isn't read
 * integer argument 0: the penalty's code
 * floating arguments: the penalty's parameters in their order
 * </pre>
 */
public final class SitePenaltyGrad extends LacunaOp {
    public static final String NAME = "lacuna_penalty_grad";

    public SitePenaltyGrad() {}

    private SitePenaltyGrad(SameDiff sd, Penalty penalty, double[] parameters, SDVariable dPenalty, SDVariable v, SDVariable tokenWeight) {
        super(sd, dPenalty, v, tokenWeight);
        addIArgument(penalty.code());
        addTArgument(parameters);
    }

    /** Adds the derivative to the graph: dv. */
    public static SDVariable of(SameDiff sd, Penalty penalty, double[] parameters, SDVariable dPenalty, SDVariable v, SDVariable tokenWeight) {
        return new SitePenaltyGrad(sd, penalty, parameters, dPenalty, v, tokenWeight).outputVariable();
    }

    /** The penalty. */
    public Penalty penalty() {
        return Penalties.byCode(integer(0));
    }

    /** The values of the penalty's parameters. */
    public double[] parameters() {
        return tArgs();
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
    public DataType outputType(int index, List<DataType> inputs) {
        return inputs.get(1);
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        penalty().check(parameters());
        SitePenalty.checkShapes(NAME, in[1], in[2]);
        return new long[][] {in[1]};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray w = in[2].castTo(DataType.DOUBLE);
        INDArray gradient = penalty().referenceGradient(SitePenalty.counted(in[1], w), w, parameters());
        out[0].assign(gradient.muli(in[0].getDouble(0)));
    }
}
