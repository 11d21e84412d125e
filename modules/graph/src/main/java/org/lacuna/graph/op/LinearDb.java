package org.lacuna.graph.op;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradient of {@link Linear} with respect to one bias.
 *
 * <pre>
 * in:  dy [B, T, O]
 * out: db [O] = Σ over rows of dy
 * </pre>
 */
public final class LinearDb extends LacunaOp {
    public static final String NAME = "lacuna_linear_db";

    public LinearDb() {}

    private LinearDb(SameDiff sd, SDVariable dy) {
        super(sd, dy);
    }

    /** Adds the sum of dy's rows to the graph. */
    public static SDVariable of(SameDiff sd, SDVariable dy) {
        return new LinearDb(sd, dy).outputVariable();
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
        if (in[0].length != 3) {
            throw new IllegalArgumentException(NAME + " wants dy [B, T, O], not " + Arrays.toString(in[0]));
        }
        return new long[][] {{in[0][2]}};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        out[0].assign(Linear.rows(in[0]).sum(0));
    }
}
