package org.lacuna.graph.op;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradient of {@link Linear} with respect to one weight.
 *
 * <pre>
 * in:  x [B, T, I], dy [B, T, O], optionally before [O, I]
 * out: dW [O, I] = Σ over rows of dyᵀ · x, added to before if that is given
 * </pre>
 */
public final class LinearDw extends LacunaOp {
    public static final String NAME = "lacuna_linear_dw";

    public LinearDw() {}

    private LinearDw(SameDiff sd, SDVariable... in) {
        super(sd, in);
    }

    /** Adds dyᵀ · x to the graph. */
    public static SDVariable of(SameDiff sd, SDVariable x, SDVariable dy) {
        return new LinearDw(sd, x, dy).outputVariable();
    }

    /** Adds before + dyᵀ · x to the graph. */
    public static SDVariable of(SameDiff sd, SDVariable x, SDVariable dy, SDVariable before) {
        return new LinearDw(sd, x, dy, before).outputVariable();
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
        long[] x = in[0];
        long[] dy = in[1];
        if (x.length != 3 || dy.length != 3 || x[0] != dy[0] || x[1] != dy[1]) {
            throw new IllegalArgumentException(NAME + " wants x [B, T, I] and dy [B, T, O], not " + Arrays.toString(x) + " and " + Arrays.toString(dy));
        }
        long[] dw = {dy[2], x[2]};
        if (in.length > 2 && !Arrays.equals(in[2], dw)) {
            throw new IllegalArgumentException(NAME + " wants to add to " + Arrays.toString(dw) + ", not to " + Arrays.toString(in[2]));
        }
        return new long[][] {dw};
    }

    /** If it does not add to something already. */
    @Override
    public boolean adds() {
        return args().length == 2;
    }

    /** dyᵀ · x. */
    @Override
    public long flops(long[][] in) {
        return Linear.product(in[0], in[1][2]);
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        out[0].assign(Linear.rows(in[1]).transpose().mmul(Linear.rows(in[0])));
        if (in.length > 2) {
            out[0].addi(in[2]);
        }
    }
}
