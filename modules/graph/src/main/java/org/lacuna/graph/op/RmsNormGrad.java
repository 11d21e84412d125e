package org.lacuna.graph.op;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradient of {@link RmsNorm}. With r = 1 / sqrt(mean(x²) + epsilon) and g = dy · (shift + weight):
 *
 * <pre>
 * in:  dy [B, T, G·D], x [B, T, G·D], weight [D]
 * out: dx [B, T, G·D] = r · g − x · r³ · mean(g · x), the mean over D
 *      dweight [D]    = sum of dy · x · r over B, T and G
 * </pre>
 */
public final class RmsNormGrad extends LacunaOp {
    public static final String NAME = "lacuna_rms_norm_grad";

    public RmsNormGrad() {}

    private RmsNormGrad(SameDiff sd, SDVariable dy, SDVariable x, SDVariable weight, double epsilon, double shift) {
        super(sd, dy, x, weight);
        addTArgument(epsilon, shift);
    }

    /** Adds the gradient to the graph: dx and dweight. */
    public static SDVariable[] of(SameDiff sd, SDVariable dy, SDVariable x, SDVariable weight, double epsilon, double shift) {
        return new RmsNormGrad(sd, dy, x, weight, epsilon, shift).outputVariables();
    }

    /** As in {@link RmsNorm#epsilon}. */
    public double epsilon() {
        return floating(0);
    }

    /** As in {@link RmsNorm#shift}. */
    public double shift() {
        return floating(1);
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
        RmsNorm.checkShapes(NAME, in[1], in[2]);
        if (!Arrays.equals(in[0], in[1])) {
            throw new IllegalArgumentException(NAME + " wants dy of the shape of x, not " + Arrays.toString(in[0]) + " and " + Arrays.toString(in[1]));
        }
        return new long[][] {in[1], in[2]};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray dy = RmsNorm.groups(in[0], in[2]);
        INDArray x = RmsNorm.groups(in[1], in[2]);
        INDArray r = RmsNorm.reciprocalRoot(x, epsilon());
        INDArray g = dy.mulRowVector(in[2].add(shift()));
        INDArray pull = g.mul(x).mean(true, 1).muli(r).muli(r).muli(r);
        out[0].assign(g.mul(r).subi(x.mul(pull)).reshape(out[0].shape()));
        out[1].assign(dy.mul(x).mul(r).sum(0));
    }
}
