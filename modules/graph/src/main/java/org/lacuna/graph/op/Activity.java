package org.lacuna.graph.op;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * How often each element of a site's vectors is not 0. With the number of tokens it tells the share of zeros, and which elements are never
 * used. It has no gradient.
 *
 * <pre>
 * in:  v [B, T, n], tokenWeight [B, T] FLOAT ≥ 0, 0 for a token that doesn't count; its vector isn't read
 * out: active [n] INT32, of how many tokens with w_t &gt; 0 element j is not 0; −0 is 0, NaN is not
 * </pre>
 */
public final class Activity extends LacunaOp {
    public static final String NAME = "lacuna_activity";

    public Activity() {}

    private Activity(SameDiff sd, SDVariable v, SDVariable tokenWeight) {
        super(sd, v, tokenWeight);
    }

    /** Adds the counts to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable v, SDVariable tokenWeight) {
        return new Activity(sd, v, tokenWeight).outputVariables(name)[0];
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
        return DataType.INT32;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        SitePenalty.checkShapes(NAME, in[0], in[1]);
        return new long[][] {{in[0][2]}};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray counts = in[1].gt(0).castTo(DataType.DOUBLE).reshape(in[1].size(0), in[1].size(1), 1);
        INDArray active = in[0].eq(0).castTo(DataType.DOUBLE).rsubi(1).muli(counts);
        out[0].assign(active.sum(0, 1));
    }
}
