package org.lacuna.graph.op;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The gradient of {@link Route} with its choice held fixed. With w the token's weights, p the softmax over all its logits, and
 * s = Σ_r dweights_r · w_r:
 *
 * <pre>
 * in:  dweights [B, T, k], logits [B, T, E], experts [B, T, k] INT, each in [0, E)
 * out: dlogits [B, T, E]; expert e, of rank r, has
 *      renormalised: w_r · (dweights_r − s); 0 for the others
 *      else:         p_e · (dweights_r − s); −p_e · s for the others
 * integer argument 0: whether weights were renormalised (0 or 1)
 * </pre>
 */
public final class RouteGrad extends LacunaOp {
    public static final String NAME = "lacuna_route_grad";

    public RouteGrad() {}

    private RouteGrad(SameDiff sd, boolean renormalised, SDVariable... args) {
        super(sd, args);
        addIArgument(renormalised ? 1 : 0);
    }

    /** Adds dlogits to the graph. */
    public static SDVariable of(SameDiff sd, SDVariable dweights, SDVariable logits, SDVariable experts, boolean renormalised) {
        return new RouteGrad(sd, renormalised, dweights, logits, experts).outputVariable();
    }

    /** As in {@link Route#renormalised}. */
    public boolean renormalised() {
        return integer(0) == 1;
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
        long[] dw = in[0];
        long[] logits = in[1];
        if (dw.length != 3 || logits.length != 3 || dw[0] != logits[0] || dw[1] != logits[1] || !Arrays.equals(dw, in[2])) {
            throw new IllegalArgumentException(NAME + " wants dweights [B, T, k], logits [B, T, E] and experts [B, T, k], not " + Arrays.deepToString(in));
        }
        return new long[][] {logits};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        int k = Math.toIntExact(in[0].size(2));
        int width = Math.toIntExact(in[1].size(2));
        int[] experts = ExpertLinear.ids(NAME, in[2], width);
        double[] dw = in[0].dup('c').data().asDouble();
        double[] logits = in[1].dup('c').data().asDouble();
        double[] dlogits = new double[logits.length];
        for (int row = 0; row < logits.length / width; row++) {
            double[] p = Route.softmax(Arrays.copyOfRange(logits, row * width, (row + 1) * width));
            double chosen = 0;
            double sum = 0;
            for (int i = row * k; i < (row + 1) * k; i++) {
                chosen += p[experts[i]];
                sum += dw[i] * p[experts[i]];
            }
            double total = renormalised() ? chosen : 1;
            for (int e = 0; !renormalised() && e < width; e++) {
                dlogits[row * width + e] = -p[e] * sum;
            }
            for (int i = row * k; i < (row + 1) * k; i++) {
                double w = p[experts[i]] / total;
                dlogits[row * width + experts[i]] = w * (dw[i] - sum / total);
            }
        }
        out[0].assign(Nd4j.createFromArray(dlogits).reshape(out[0].shape()).castTo(out[0].dataType()));
    }
}
