package org.lacuna.graph.op;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A tensor times a constant: the derivative of {@link Add} by what it scales.
 *
 * <pre>
 * in:  x [any shape]
 * out: s · x [same shape]
 * floating argument 0: s
 * </pre>
 */
public final class Scale extends LacunaOp {
    public static final String NAME = "lacuna_scale";

    public Scale() {}

    private Scale(SameDiff sd, SDVariable x, double scale) {
        super(sd, x);
        addTArgument(scale);
    }

    /** Adds s · x to the graph. */
    public static SDVariable of(SameDiff sd, SDVariable x, double scale) {
        return new Scale(sd, x, scale).outputVariable();
    }

    /** s. */
    public double scale() {
        return floating(0);
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
        out[0].assign(in[0].mul(scale()));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(of(sameDiff, gradients.get(0), scale()));
    }
}
