package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A batch repeated, once for each rule: what goes past a {@link Sparsify} that fans out.
 *
 * <pre>
 * in:  x [B, …] of any type, rule [P] of which only the length counts
 * out: [P·B, …], x P times, one whole batch behind the other
 * </pre>
 */
public final class Fan extends LacunaOp {
    public static final String NAME = "lacuna_fan";

    public Fan() {}

    private Fan(SameDiff sd, SDVariable x, SDVariable rule) {
        super(sd, x, rule);
    }

    /** Adds P repetitions of {@code x} to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable x, SDVariable rule) {
        return new Fan(sd, x, rule).outputVariables(name)[0];
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
        if (in[0].length == 0 || in[1].length != 1) {
            throw new IllegalArgumentException(NAME + " wants x [B, …] and rule [P], not " + Arrays.deepToString(in));
        }
        long[] shape = in[0].clone();
        shape[0] *= in[1][0];
        return new long[][] {shape};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray[] copies = new INDArray[Math.toIntExact(in[1].length())];
        Arrays.fill(copies, in[0]);
        out[0].assign(Nd4j.concat(0, copies));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(FanGrad.of(sameDiff, gradients.get(0), arg(1)));
    }

    /** [B, …] for [P·B, …]. */
    static long[] narrow(String op, long[] wide, long[] rule) {
        if (wide.length == 0 || rule.length != 1 || rule[0] == 0 || wide[0] % rule[0] != 0) {
            throw new IllegalArgumentException(op + " wants [P·B, …] and rule [P], not " + Arrays.toString(wide) + " and " + Arrays.toString(rule));
        }
        long[] shape = wide.clone();
        shape[0] /= rule[0];
        return shape;
    }

    /** The sum over P of [P·B, …], shaped [B, …]. */
    static INDArray sum(INDArray wide, long[] shape) {
        long length = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        return wide.dup('c').reshape(wide.length() / length, length).sum(0).reshape(shape);
    }
}
