package org.lacuna.graph.op;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The derivative of {@link Fan}.
 *
 * <pre>
 * in:  dy [P·B, …], rule [P] of which only the length counts
 * out: dx [B, …], the sum over P
 * </pre>
 */
public final class FanGrad extends LacunaOp {
    public static final String NAME = "lacuna_fan_grad";

    public FanGrad() {}

    private FanGrad(SameDiff sd, SDVariable dy, SDVariable rule) {
        super(sd, dy, rule);
    }

    /** Adds the derivative to the graph: dx. */
    public static SDVariable of(SameDiff sd, SDVariable dy, SDVariable rule) {
        return new FanGrad(sd, dy, rule).outputVariable();
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
        return new long[][] {Fan.narrow(NAME, in[0], in[1])};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        out[0].assign(Fan.sum(in[0], out[0].shape()));
    }
}
