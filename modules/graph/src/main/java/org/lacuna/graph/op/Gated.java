package org.lacuna.graph.op;

import java.util.List;
import org.lacuna.graph.activation.Activation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gated activation of an FFN: SwiGLU, ReGLU, GEGLU and so on (Shazeer, arXiv 2002.05202).
 *
 * <pre>
 * in:  z [B, T, F] the gate before its activation, u [B, T, F] the up projection
 * out: i = f(z) ⊙ u [B, T, F]
 * arguments: those of {@link ActivationOp}
 * </pre>
 */
public final class Gated extends ActivationOp {
    public static final String NAME = "lacuna_gated";

    public Gated() {}

    private Gated(SameDiff sd, Activation f, SDVariable z, SDVariable u) {
        super(sd, f, z, u);
    }

    /** Adds f(z) ⊙ u to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, Activation f, SDVariable z, SDVariable u) {
        return new Gated(sd, f, z, u).outputVariables(name)[0];
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
    public boolean isCheap() {
        return true;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        checkSameShape(in, 2);
        return new long[][] {in[0]};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        out[0].assign(activation().reference(in[0]).muli(in[1]));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(GatedGrad.of(sameDiff, activation(), gradients.get(0), arg(0), arg(1)));
    }
}
