package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Adds up what each token's experts gave, by weight.
 *
 * <pre>
 * in:  y [B, T·k, D] the choices of a token one behind the other, weights [B, T, k]
 * out: z [B, T, D], z[b, t] = Σ_r weights[b, t, r] · y[b, t·k + r], r rising
 * </pre>
 * Gradient: {@link CombineExpertsGrad}.
 */
public final class CombineExperts extends LacunaOp {
    public static final String NAME = "lacuna_combine_experts";

    public CombineExperts() {}

    private CombineExperts(SameDiff sd, SDVariable y, SDVariable weights) {
        super(sd, y, weights);
    }

    /** Adds the weighted sum to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable y, SDVariable weights) {
        return new CombineExperts(sd, y, weights).outputVariables(name)[0];
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
        checkShapes(NAME, in[0], in[1]);
        return new long[][] {{in[1][0], in[1][1], in[0][2]}};
    }

    static void checkShapes(String op, long[] y, long[] weights) {
        if (y.length != 3 || weights.length != 3 || y[0] != weights[0] || y[1] != weights[1] * weights[2]) {
            throw new IllegalArgumentException(op + " wants y [B, T·k, D] and weights [B, T, k], not " + Arrays.toString(y) + " and " + Arrays.toString(weights));
        }
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        long k = in[1].size(2);
        INDArray terms = Linear.rows(in[0]).muliColumnVector(in[1].dup('c').reshape(in[1].length(), 1));
        out[0].assign(terms.reshape(in[1].length() / k, k, in[0].size(2)).sum(1).reshape(out[0].shape()));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(CombineExpertsGrad.of(sameDiff, gradients.get(0), arg(0), arg(1)));
    }
}
