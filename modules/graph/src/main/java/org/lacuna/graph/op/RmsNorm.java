package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Root-mean-square norm (Zhang and Sennrich 2019, "Root Mean Square Layer Normalization", equation 4) of the last dimension, or
 * of each head's part of it.
 *
 * <pre>
 * in:  x [B, T, G·D], weight [D]
 * out: y [B, T, G·D] = x / sqrt(mean(x²) + epsilon) · (shift + weight), the mean over D, in each of the G groups
 * </pre>
 * Llama has shift 0; Gemma, whose weights are stored less 1, has shift 1.
 */
public final class RmsNorm extends LacunaOp {
    public static final String NAME = "lacuna_rms_norm";

    public RmsNorm() {}

    private RmsNorm(SameDiff sd, SDVariable x, SDVariable weight, double epsilon, double shift) {
        super(sd, x, weight);
        addTArgument(epsilon, shift);
    }

    /** Adds the norm of {@code x}, without a shift, to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable x, SDVariable weight, double epsilon) {
        return of(sd, name, x, weight, epsilon, 0);
    }

    /** Adds the norm of {@code x} to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable x, SDVariable weight, double epsilon, double shift) {
        return new RmsNorm(sd, x, weight, epsilon, shift).outputVariables(name)[0];
    }

    /** What is added to the mean of the squares. */
    public double epsilon() {
        return floating(0);
    }

    /** What is added to each weight. */
    public double shift() {
        return floating(1);
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
        checkShapes(NAME, in[0], in[1]);
        return new long[][] {in[0]};
    }

    static void checkShapes(String name, long[] x, long[] weight) {
        if (x.length == 0 || weight.length != 1 || weight[0] <= 0 || x[x.length - 1] % weight[0] != 0) {
            throw new IllegalArgumentException(name + " wants a weight whose length divides the last dimension of x, not x "
                    + Arrays.toString(x) + " and weight " + Arrays.toString(weight));
        }
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray x = groups(in[0], in[1]);
        out[0].assign(x.mul(reciprocalRoot(x, epsilon())).mulRowVector(in[1].add(shift())).reshape(out[0].shape()));
    }

    /** x as rows of the weight's length. */
    static INDArray groups(INDArray x, INDArray weight) {
        return x.dup('c').reshape('c', x.length() / weight.length(), weight.length());
    }

    /** 1 / sqrt(mean(x²) + epsilon) of each row, as a column. */
    static INDArray reciprocalRoot(INDArray x, double epsilon) {
        return Transforms.sqrt(x.mul(x).mean(true, 1).addi(epsilon), false).rdivi(1);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(RmsNormGrad.of(sameDiff, gradients.get(0), arg(0), arg(1), epsilon(), shift()));
    }
}
