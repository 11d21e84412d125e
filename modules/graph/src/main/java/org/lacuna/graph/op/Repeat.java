package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What belongs to a token, for each of the rows that its experts have.
 *
 * <pre>
 * in:  x [B, T]
 * out: y [B, T·k], y[b, t·k + j] = x[b, t]
 * integer argument 0: k
 * </pre>
 * Masks and weights of tokens have no gradient, so this has none.
 */
public final class Repeat extends LacunaOp {
    public static final String NAME = "lacuna_repeat";

    public Repeat() {}

    private Repeat(SameDiff sd, SDVariable x, int times) {
        super(sd, x);
        addIArgument(times);
    }

    /** Adds {@code x}, each element {@code times} times, to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable x, int times) {
        return new Repeat(sd, x, times).outputVariables(name)[0];
    }

    /** k. */
    public int times() {
        return integer(0);
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
        if (in[0].length != 2 || times() < 1) {
            throw new IllegalArgumentException(NAME + " wants x [B, T] and to repeat it once or more, not " + Arrays.toString(in[0]) + " and " + times());
        }
        return new long[][] {{in[0][0], in[0][1] * times()}};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray[] columns = new INDArray[times()];
        Arrays.fill(columns, in[0].dup('c').reshape('c', in[0].length(), 1));
        out[0].assign(Nd4j.concat(1, columns).reshape('c', out[0].shape()));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return Collections.emptyList();
    }
}
