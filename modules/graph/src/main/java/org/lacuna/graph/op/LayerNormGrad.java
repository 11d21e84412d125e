package org.lacuna.graph.op;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradient of {@link LayerNorm}. With r = 1 / sqrt(mean((x − m)²) + epsilon), n = (x − m) · r and g = dy · weight:
 *
 * <pre>
 * in:  dy [B, T, D], x [B, T, D], weight [D]
 * out: dx [B, T, D] = r · (g − mean(g) − n · mean(g · n)), the means over D
 *      dweight [D]  = sum of dy · n over B and T
 *      dbias [D]    = sum of dy over B and T
 * </pre>
 */
public final class LayerNormGrad extends LacunaOp {
    public static final String NAME = "lacuna_layer_norm_grad";

    public LayerNormGrad() {}

    private LayerNormGrad(SameDiff sd, SDVariable dy, SDVariable x, SDVariable weight, double epsilon) {
        super(sd, dy, x, weight);
        addTArgument(epsilon);
    }

    /** Adds the gradient to the graph: dx, dweight and dbias. */
    public static SDVariable[] of(SameDiff sd, SDVariable dy, SDVariable x, SDVariable weight, double epsilon) {
        return new LayerNormGrad(sd, dy, x, weight, epsilon).outputVariables();
    }

    /** As in {@link LayerNorm#epsilon}. */
    public double epsilon() {
        return floating(0);
    }

    @Override
    public String opName() {
        return NAME;
    }

    @Override
    public int getNumOutputs() {
        return 3;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        LayerNorm.checkShapes(NAME, in[1], in[2]);
        if (!Arrays.equals(in[0], in[1])) {
            throw new IllegalArgumentException(NAME + " wants dy of the shape of x, not " + Arrays.toString(in[0]) + " and " + Arrays.toString(in[1]));
        }
        return new long[][] {in[1], in[2], in[2]};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray centred = LayerNorm.centred(in[1]);
        INDArray dy = in[0].dup('c').reshape(centred.shape());
        INDArray r = LayerNorm.reciprocalDeviation(centred, epsilon());
        INDArray n = centred.mulColumnVector(r);
        INDArray g = dy.mulRowVector(in[2]);
        INDArray dx = g.subColumnVector(g.mean(true, 1)).sub(n.mulColumnVector(g.mul(n).mean(true, 1))).mulColumnVector(r);
        out[0].assign(dx.reshape(out[0].shape()));
        out[1].assign(dy.mul(n).sum(0));
        out[2].assign(dy.sum(0));
    }
}
