package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Root-mean-square norm of the last dimension (Zhang and Sennrich 2019, "Root Mean Square Layer Normalization",
 * equation 4), as Llama has it.
 *
 * <pre>
 * in:  x [B, T, D], weight [D]
 * out: y [B, T, D] = x / sqrt(mean(x²) + epsilon) · weight, the mean over D
 * </pre>
 */
public final class RmsNorm extends LacunaOp {
    public static final String NAME = "lacuna_rms_norm";

    public RmsNorm() {}

    private RmsNorm(SameDiff sd, SDVariable x, SDVariable weight, double epsilon) {
        super(sd, x, weight);
        addTArgument(epsilon);
    }

    /** Adds the norm of {@code x} to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable x, SDVariable weight, double epsilon) {
        return new RmsNorm(sd, x, weight, epsilon).outputVariables(name)[0];
    }

    /** What is added to the mean of the squares. */
    public double epsilon() {
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
        checkShapes(NAME, in[0], in[1]);
        return new long[][] {in[0]};
    }

    static void checkShapes(String name, long[] x, long[] weight) {
        if (x.length == 0 || weight.length != 1 || weight[0] != x[x.length - 1]) {
            throw new IllegalArgumentException(name + " wants a weight as long as the last dimension of x, not x "
                    + Arrays.toString(x) + " and weight " + Arrays.toString(weight));
        }
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray x = in[0];
        out[0].assign(x.mul(reciprocalRoot(x, epsilon())).mul(row(in[1], x.rank())));
    }

    /** 1 / sqrt(mean(x²) + epsilon), with the last dimension kept as 1. */
    static INDArray reciprocalRoot(INDArray x, double epsilon) {
        return Transforms.sqrt(x.mul(x).mean(true, x.rank() - 1).addi(epsilon), false).rdivi(1);
    }

    /** A vector as an array of {@code rank} dimensions, the last one its own. */
    static INDArray row(INDArray vector, int rank) {
        long[] shape = new long[rank];
        Arrays.fill(shape, 1);
        shape[rank - 1] = vector.length();
        return vector.reshape('c', shape);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(RmsNormGrad.of(sameDiff, gradients.get(0), arg(0), arg(1), epsilon()));
    }
}
