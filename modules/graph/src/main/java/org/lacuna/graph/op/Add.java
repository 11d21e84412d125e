package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The sum of two tensors of one shape: a residual connection, or what an adapter adds to a layer's output.
 *
 * <pre>
 * in:  x [any shape], y [same shape]
 * out: x + s · y
 * floating argument 0: s, 1 where there is none
 * </pre>
 * The gradient of x is the output's own, and so is that of y where s is 1; else it is that times s, by {@link Scale}.
 */
public final class Add extends LacunaOp {
    public static final String NAME = "lacuna_add";

    public Add() {}

    private Add(SameDiff sd, SDVariable x, SDVariable y) {
        super(sd, x, y);
    }

    /** Adds x + y to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable x, SDVariable y) {
        return new Add(sd, x, y).outputVariables(name)[0];
    }

    /** Adds x + scale · y to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable x, SDVariable y, double scale) {
        Add op = new Add(sd, x, y);
        op.addTArgument(scale);
        return op.outputVariables(name)[0];
    }

    /** The factor of y. */
    public double scale() {
        return numTArguments() == 0 ? 1 : floating(0);
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
        if (!Arrays.equals(in[0], in[1])) {
            throw new IllegalArgumentException(NAME + " wants two tensors of one shape, not " + Arrays.toString(in[0]) + " and " + Arrays.toString(in[1]));
        }
        return new long[][] {in[0]};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        out[0].assign(in[0].add(in[1].mul(scale())));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable dy = gradients.get(0);
        return List.of(dy, scale() == 1 ? dy : Scale.of(sameDiff, dy, scale()));
    }
}
