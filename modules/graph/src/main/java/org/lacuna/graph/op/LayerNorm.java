package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Layer norm of the last dimension (Ba, Kiros and Hinton 2016, "Layer Normalization", equation 4), as GPT-2 has it.
 *
 * <pre>
 * in:  x [B, T, D], weight [D], bias [D]
 * out: y [B, T, D] = (x − m) / sqrt(mean((x − m)²) + epsilon) · weight + bias, with m = mean(x), the means over D
 * </pre>
 */
public final class LayerNorm extends LacunaOp {
    public static final String NAME = "lacuna_layer_norm";

    public LayerNorm() {}

    private LayerNorm(SameDiff sd, SDVariable x, SDVariable weight, SDVariable bias, double epsilon) {
        super(sd, x, weight, bias);
        addTArgument(epsilon);
    }

    /** Adds the norm of {@code x} to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable x, SDVariable weight, SDVariable bias, double epsilon) {
        return new LayerNorm(sd, x, weight, bias, epsilon).outputVariables(name)[0];
    }

    /** What is added to the variance. */
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
    public boolean isCheap() {
        return true;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        checkShapes(NAME, in[0], in[1]);
        if (!Arrays.equals(in[1], in[2])) {
            throw new IllegalArgumentException(NAME + " wants a bias of the weight's shape, not " + Arrays.toString(in[2]) + " and " + Arrays.toString(in[1]));
        }
        return new long[][] {in[0]};
    }

    static void checkShapes(String name, long[] x, long[] weight) {
        if (x.length == 0 || !Arrays.equals(weight, new long[] {x[x.length - 1]})) {
            throw new IllegalArgumentException(name + " wants a weight as long as the last dimension of x, not x "
                    + Arrays.toString(x) + " and weight " + Arrays.toString(weight));
        }
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray x = centred(in[0]);
        out[0].assign(x.mulColumnVector(reciprocalDeviation(x, epsilon())).mulRowVector(in[1]).addRowVector(in[2]).reshape(out[0].shape()));
    }

    /** x as rows, each less its mean. */
    static INDArray centred(INDArray x) {
        long d = x.size(x.rank() - 1);
        INDArray rows = x.dup('c').reshape('c', x.length() / d, d);
        return rows.subColumnVector(rows.mean(true, 1));
    }

    /** 1 / sqrt(mean(x²) + epsilon) of each row, as a column. */
    static INDArray reciprocalDeviation(INDArray centred, double epsilon) {
        return Transforms.sqrt(centred.mul(centred).mean(true, 1).addi(epsilon), false).rdivi(1);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(LayerNormGrad.of(sameDiff, gradients.get(0), arg(0), arg(1), epsilon()));
    }
}
