package org.lacuna.graph.op;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The derivative of {@link Sparsify} with its mask held fixed; a straight-through one needs no op of its own.
 *
 * <pre>
 * in:  dy [P·B, T, n], masked [P·B, T, n] Sparsify's output, rule [P] of which only the length counts
 * out: dv [P·B, T, n] = dy where masked ≠ 0, else 0; with fan-out [B, T, n], the sum over the P rules
 * integer argument 0: 1 for fan-out, else 0
 * </pre>
 */
public final class SparsifyGrad extends LacunaOp {
    public static final String NAME = "lacuna_sparsify_grad";

    public SparsifyGrad() {}

    private SparsifyGrad(SameDiff sd, boolean fan, SDVariable... args) {
        super(sd, args);
        addIArgument(fan ? 1 : 0);
    }

    /** Adds the derivative to the graph: dv. */
    public static SDVariable of(SameDiff sd, SDVariable dy, SDVariable masked, SDVariable rule, boolean fan) {
        return new SparsifyGrad(sd, fan, dy, masked, rule).outputVariable();
    }

    /** Whether P rules saw the same v. */
    public boolean fan() {
        return integer(0) == 1;
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
        return new long[][] {fan() ? Fan.narrow(NAME, in[0], in[2]) : in[0]};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray through = in[0].mul(in[1].neq(0).castTo(in[0].dataType()));
        out[0].assign(fan() ? Fan.sum(through, out[0].shape()) : through);
    }
}
