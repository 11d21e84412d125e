package org.lacuna.graph.op;

import org.lacuna.graph.activation.Activation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The derivative of {@link Activated}.
 *
 * <pre>
 * in:  da [any shape], z [same shape]
 * out: dz = da · f′(z) [same shape]
 * arguments: those of {@link ActivationOp}
 * </pre>
 */
public final class ActivatedGrad extends ActivationOp {
    public static final String NAME = "lacuna_activation_grad";

    public ActivatedGrad() {}

    private ActivatedGrad(SameDiff sd, Activation f, SDVariable da, SDVariable z) {
        super(sd, f, da, z);
    }

    /** Adds the derivative to the graph: dz. */
    public static SDVariable of(SameDiff sd, Activation f, SDVariable da, SDVariable z) {
        return new ActivatedGrad(sd, f, da, z).outputVariable();
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
        checkSameShape(in, 2);
        return new long[][] {in[1]};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        out[0].assign(activation().referenceDerivative(in[1]).muli(in[0]));
    }
}
