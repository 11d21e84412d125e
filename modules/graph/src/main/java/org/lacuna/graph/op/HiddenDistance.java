package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Distillation on hidden states: how far a student's are from a teacher's of the same width, weighted by token.
 *
 * <pre>
 * in:  h [B, T, D], hp [B, T, D] the teacher's, has no gradient,
 *      weight [B, T] FLOAT, 0 for a token that is not read; has no gradient
 * out: loss [] = Σ_t weight_t · (1/D) · Σ_d (h_td − hp_td)², summed in double
 * </pre>
 * Gradient: {@link HiddenDistanceGrad}.
 */
public final class HiddenDistance extends LacunaOp {
    public static final String NAME = "lacuna_hidden_distance";

    public HiddenDistance() {}

    private HiddenDistance(SameDiff sd, SDVariable h, SDVariable teacher, SDVariable weight) {
        super(sd, h, teacher, weight);
    }

    /** Adds the distance to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable h, SDVariable teacher, SDVariable weight) {
        return new HiddenDistance(sd, h, teacher, weight).outputVariables(name)[0];
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
        checkShapes(NAME, in[0], in[1], in[2]);
        return new long[][] {{}};
    }

    static void checkShapes(String op, long[] h, long[] teacher, long[] weight) {
        if (h.length != 3 || !Arrays.equals(teacher, h) || !Arrays.equals(weight, new long[] {h[0], h[1]})) {
            throw new IllegalArgumentException(op + " wants a student's and a teacher's states of one shape [B, T, D] and weights [B, T], not "
                    + Arrays.toString(h) + ", " + Arrays.toString(teacher) + " and " + Arrays.toString(weight));
        }
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray w = in[2].castTo(DataType.DOUBLE);
        INDArray d = difference(in[0].castTo(DataType.DOUBLE), in[1].castTo(DataType.DOUBLE), w);
        out[0].assign(d.mul(d).mean(2).muli(w).sumNumber().doubleValue());
    }

    /** h − hp, and 0 for tokens without weight, whatever is there. */
    static INDArray difference(INDArray h, INDArray teacher, INDArray weight) {
        INDArray d = h.sub(teacher);
        for (long b = 0; b < weight.size(0); b++) {
            for (long t = 0; t < weight.size(1); t++) {
                for (long i = 0; weight.getDouble(b, t) == 0 && i < d.size(2); i++) {
                    d.putScalar(b, t, i, 0);
                }
            }
        }
        return d;
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(HiddenDistanceGrad.of(sameDiff, gradients.get(0), arg(0), arg(1), arg(2)));
    }
}
