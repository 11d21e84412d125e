package org.lacuna.graph.op;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Zeros of another tensor's shape: the gradient of an output that nothing reads.
 *
 * <pre>
 * in:  x [any shape], of which only the shape counts
 * out: zeros
 * </pre>
 */
public final class Zeros extends LacunaOp {
    public static final String NAME = "lacuna_zeros";

    public Zeros() {}

    private Zeros(SameDiff sd, SDVariable x) {
        super(sd, x);
    }

    /** Adds zeros of x's shape to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable x) {
        return new Zeros(sd, x).outputVariables(name)[0];
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
        return new long[][] {in[0]};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        out[0].assign(0);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new Zeros(sameDiff, arg(0)).outputVariables()[0]);
    }
}
