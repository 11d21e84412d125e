package org.lacuna.graph.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradient of {@link Linear} with respect to its input.
 *
 * <pre>
 * in:  dy_1 [B, T, O_1], …, dy_k [B, T, O_k], W_1 [O_1, I], …, W_k [O_k, I]
 * out: dx [B, T, I] = Σ_j dy_j · W_j
 * </pre>
 */
public final class LinearDx extends LacunaOp {
    public static final String NAME = "lacuna_linear_dx";

    public LinearDx() {}

    private LinearDx(SameDiff sd, List<SDVariable> dy, List<SDVariable> weights) {
        super(sd, both(dy, weights));
    }

    /** Adds Σ_j dy_j · W_j to the graph. */
    public static SDVariable of(SameDiff sd, List<SDVariable> dy, List<SDVariable> weights) {
        return new LinearDx(sd, dy, weights).outputVariable();
    }

    private static SDVariable[] both(List<SDVariable> dy, List<SDVariable> weights) {
        List<SDVariable> all = new ArrayList<>(dy);
        all.addAll(weights);
        return all.toArray(SDVariable[]::new);
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
        int k = in.length / 2;
        long columns = in[k][in[k].length - 1];
        for (int j = 0; j < k; j++) {
            long[] dy = in[j];
            if (dy.length != 3 || dy[0] != in[0][0] || dy[1] != in[0][1] || !Arrays.equals(in[k + j], new long[] {dy[2], columns})) {
                throw new IllegalArgumentException(NAME + " wants pairs of dy [B, T, O] and weight [O, I], not " + Arrays.toString(dy) + " and " + Arrays.toString(in[k + j]));
            }
        }
        return new long[][] {{in[0][0], in[0][1], columns}};
    }

    /** dy_j · W_j for each weight. */
    @Override
    public long flops(long[][] in) {
        int k = in.length / 2;
        long flops = 0;
        for (int j = 0; j < k; j++) {
            flops += Linear.product(in[j], in[k + j][1]);
        }
        return flops;
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        int k = in.length / 2;
        INDArray sum = Linear.rows(in[0]).mmul(in[k]);
        for (int j = 1; j < k; j++) {
            sum = sum.add(Linear.rows(in[j]).mmul(in[k + j]));
        }
        out[0].assign(sum.reshape(out[0].shape()));
    }
}
