package org.lacuna.graph.op;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The derivative of {@link L1}.
 *
 * <pre>
 * in:  dPenalty [], v [B, T, n], tokenWeight [B, T]
 * out: dv [B, T, n] = dPenalty · w_t · sign(v), 0 where v is 0
 * </pre>
 */
public final class L1Grad extends LacunaOp {
    public static final String NAME = "lacuna_l1_grad";

    public L1Grad() {}

    private L1Grad(SameDiff sd, SDVariable dPenalty, SDVariable v, SDVariable tokenWeight) {
        super(sd, dPenalty, v, tokenWeight);
    }

    /** Adds the derivative to the graph: dv. */
    public static SDVariable of(SameDiff sd, SDVariable dPenalty, SDVariable v, SDVariable tokenWeight) {
        return new L1Grad(sd, dPenalty, v, tokenWeight).outputVariable();
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
        L1.checkShapes(NAME, in[1], in[2]);
        return new long[][] {in[1]};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray v = in[1];
        INDArray signs = v.gt(0).castTo(v.dataType()).subi(v.lt(0).castTo(v.dataType()));
        INDArray weights = in[2].castTo(v.dataType()).mul(in[0].getDouble(0)).reshape(v.size(0), v.size(1), 1);
        out[0].assign(signs.muli(weights));
    }
}
