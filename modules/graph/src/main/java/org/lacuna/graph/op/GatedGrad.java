package org.lacuna.graph.op;

import org.lacuna.graph.activation.Activation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The derivative of {@link Gated}.
 *
 * <pre>
 * in:  di [B, T, F], z [B, T, F], u [B, T, F]
 * out: dz = di ⊙ u ⊙ f′(z) [B, T, F], du = di ⊙ f(z) [B, T, F]
 * arguments: those of {@link ActivationOp}
 * </pre>
 */
public final class GatedGrad extends ActivationOp {
    public static final String NAME = "lacuna_gated_grad";

    public GatedGrad() {}

    private GatedGrad(SameDiff sd, Activation f, SDVariable di, SDVariable z, SDVariable u) {
        super(sd, f, di, z, u);
    }

    /** Adds the derivative to the graph: dz and du. */
    public static SDVariable[] of(SameDiff sd, Activation f, SDVariable di, SDVariable z, SDVariable u) {
        return new GatedGrad(sd, f, di, z, u).outputVariables();
    }

    @Override
    public String opName() {
        return NAME;
    }

    @Override
    public int getNumOutputs() {
        return 2;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        checkSameShape(in, 3);
        return new long[][] {in[1], in[1]};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        out[0].assign(activation().referenceDerivative(in[1]).muli(in[2]).muli(in[0]));
        out[1].assign(activation().reference(in[1]).muli(in[0]));
    }
}
