package org.lacuna.graph.op;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradient of {@link CombineExperts}.
 *
 * <pre>
 * in:  dz [B, T, D], y [B, T·k, D], weights [B, T, k]
 * out: dy [B, T·k, D], dy[b, t·k + r] = weights[b, t, r] · dz[b, t]
 *      dweights [B, T, k], dweights[b, t, r] = Σ_D dz[b, t] · y[b, t·k + r]
 * </pre>
 */
public final class CombineExpertsGrad extends LacunaOp {
    public static final String NAME = "lacuna_combine_experts_grad";

    public CombineExpertsGrad() {}

    private CombineExpertsGrad(SameDiff sd, SDVariable dz, SDVariable y, SDVariable weights) {
        super(sd, dz, y, weights);
    }

    /** Adds the gradient to the graph: dy and dweights. */
    public static SDVariable[] of(SameDiff sd, SDVariable dz, SDVariable y, SDVariable weights) {
        return new CombineExpertsGrad(sd, dz, y, weights).outputVariables();
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
        CombineExperts.checkShapes(NAME, in[1], in[2]);
        long[] dz = {in[2][0], in[2][1], in[1][2]};
        if (!Arrays.equals(in[0], dz)) {
            throw new IllegalArgumentException(NAME + " wants dz " + Arrays.toString(dz) + ", not " + Arrays.toString(in[0]));
        }
        return new long[][] {in[1], in[2]};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray dz = Linear.rows(in[0]).repeat(0, in[2].size(2));
        out[1].assign(dz.mul(Linear.rows(in[1])).sum(1).reshape(out[1].shape()));
        out[0].assign(dz.muliColumnVector(in[2].dup('c').reshape(in[2].length(), 1)).reshape(out[0].shape()));
    }
}
