package org.lacuna.graph.op;

import org.lacuna.graph.activation.Activation;
import org.lacuna.graph.activation.Activations;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The derivative of {@link Gated}.
 *
 * <pre>
 * in:  di [B, T, F], z [B, T, F], u [B, T, F]
 * out: dz = di ⊙ u ⊙ f′(z) [B, T, F], du = di ⊙ f(z) [B, T, F]
 * integer argument 0: the activation's code
 * </pre>
 */
public final class GatedGrad extends LacunaOp {
    public static final String NAME = "lacuna_gated_grad";

    public GatedGrad() {}

    private GatedGrad(SameDiff sd, Activation f, SDVariable di, SDVariable z, SDVariable u) {
        super(sd, di, z, u);
        addIArgument(f.code());
    }

    /** Adds the derivative to the graph: dz and du. */
    public static SDVariable[] of(SameDiff sd, Activation f, SDVariable di, SDVariable z, SDVariable u) {
        return new GatedGrad(sd, f, di, z, u).outputVariables();
    }

    /** The function. */
    public Activation activation() {
        return Activations.byCode(integer(0));
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
