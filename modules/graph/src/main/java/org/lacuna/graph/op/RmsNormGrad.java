package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradient of {@link RmsNorm}. With r = 1 / sqrt(mean(x²) + epsilon) and g = dy · weight:
 *
 * <pre>
 * in:  dy [B, T, D], x [B, T, D], weight [D]
 * out: dx [B, T, D] = r · g − x · r³ · mean(g · x), the mean over D
 *      dweight [D]  = sum of dy · x · r over B and T
 * </pre>
 */
public final class RmsNormGrad extends LacunaOp {
    public static final String NAME = "lacuna_rms_norm_grad";

    public RmsNormGrad() {}

    private RmsNormGrad(SameDiff sd, SDVariable dy, SDVariable x, SDVariable weight, double epsilon) {
        super(sd, dy, x, weight);
        addTArgument(epsilon);
    }

    /** Adds the gradient to the graph: dx and dweight. */
    public static SDVariable[] of(SameDiff sd, SDVariable dy, SDVariable x, SDVariable weight, double epsilon) {
        return new RmsNormGrad(sd, dy, x, weight, epsilon).outputVariables();
    }

    /** As in {@link RmsNorm#epsilon}. */
    public double epsilon() {
        return floating(0);
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
        INDArray dy = in[0];
        INDArray x = in[1];
        int last = x.rank() - 1;
        INDArray r = RmsNorm.reciprocalRoot(x, epsilon());
        INDArray g = dy.mul(RmsNorm.row(in[2], x.rank()));
        INDArray pull = g.mul(x).mean(true, last).muli(r).muli(r).muli(r);
        out[0].assign(g.mul(r).subi(x.mul(pull)));
        INDArray terms = dy.mul(x).mul(r);
        out[1].assign(last == 0 ? terms : terms.sum(IntStream.range(0, last).toArray()));
    }
}
