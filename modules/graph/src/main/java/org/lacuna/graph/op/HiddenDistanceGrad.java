package org.lacuna.graph.op;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The derivative of {@link HiddenDistance} by the student's states.
 *
 * <pre>
 * in:  dLoss [], h [B, T, D], hp [B, T, D], weight [B, T]
 * out: dh [B, T, D] = dLoss · weight_t · (2/D) · (h − hp), 0 where the weight is 0
 * </pre>
 */
public final class HiddenDistanceGrad extends LacunaOp {
    public static final String NAME = "lacuna_hidden_distance_grad";

    public HiddenDistanceGrad() {}

    private HiddenDistanceGrad(SameDiff sd, SDVariable dLoss, SDVariable h, SDVariable teacher, SDVariable weight) {
        super(sd, dLoss, h, teacher, weight);
    }

    /** Adds the derivative to the graph: dh. */
    public static SDVariable of(SameDiff sd, SDVariable dLoss, SDVariable h, SDVariable teacher, SDVariable weight) {
        return new HiddenDistanceGrad(sd, dLoss, h, teacher, weight).outputVariable();
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
        HiddenDistance.checkShapes(NAME, in[1], in[2], in[3]);
        return new long[][] {in[1]};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray d = HiddenDistance.difference(in[1], in[2], in[3]);
        INDArray by = in[3].castTo(d.dataType()).mul(2 * in[0].getDouble(0) / d.size(2)).reshape(d.size(0), d.size(1), 1);
        out[0].assign(d.muli(by));
    }
}
