package org.lacuna.graph.op;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The derivative of {@link WeightedSum}.
 *
 * <pre>
 * in:  dy [], coefficients [k]
 * out: dx_1 [] … dx_k [] with dx_i = dy · c_i
 * integer argument 0: k
 * </pre>
 */
public final class WeightedSumGrad extends LacunaOp {
    public static final String NAME = "lacuna_weighted_sum_grad";

    public WeightedSumGrad() {}

    private WeightedSumGrad(SameDiff sd, int k, SDVariable dy, SDVariable coefficients) {
        super(sd, dy, coefficients);
        addIArgument(k);
    }

    /** Adds the derivatives to the graph: dx_1 to dx_k. */
    public static SDVariable[] of(SameDiff sd, int k, SDVariable dy, SDVariable coefficients) {
        return new WeightedSumGrad(sd, k, dy, coefficients).outputVariables();
    }

    @Override
    public String opName() {
        return NAME;
    }

    @Override
    public int getNumOutputs() {
        return numIArguments() == 0 ? 1 : integer(0); // the arguments come after the constructor that SameDiff uses
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        if (in[0].length != 0 || !Arrays.equals(in[1], new long[] {integer(0)})) {
            throw new IllegalArgumentException(NAME + " wants dy [] and coefficients [" + integer(0) + "], not " + Arrays.deepToString(in));
        }
        return new long[integer(0)][0];
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        for (int i = 0; i < out.length; i++) {
            out[i].assign(in[0].getDouble(0) * in[1].getDouble(i));
        }
    }
}
