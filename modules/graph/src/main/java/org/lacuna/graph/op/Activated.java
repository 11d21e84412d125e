package org.lacuna.graph.op;

import java.util.List;
import org.lacuna.graph.activation.Activation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An activation, elementwise.
 *
 * <pre>
 * in:  z [any shape]
 * out: a = f(z) [same shape]
 * arguments: those of {@link ActivationOp}
 * </pre>
 */
public final class Activated extends ActivationOp {
    public static final String NAME = "lacuna_activation";

    public Activated() {}

    private Activated(SameDiff sd, Activation f, SDVariable z) {
        super(sd, f, z);
    }

    /** Adds f(z) to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, Activation f, SDVariable z) {
        return new Activated(sd, f, z).outputVariables(name)[0];
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
        return new long[][] {in[0]};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        out[0].assign(activation().reference(in[0]));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(ActivatedGrad.of(sameDiff, activation(), gradients.get(0), arg(0)));
    }
}
