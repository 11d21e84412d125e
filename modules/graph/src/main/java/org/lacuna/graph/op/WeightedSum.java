package org.lacuna.graph.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An objective: a sum of scalars whose coefficients are an input, so that a schedule can move them from step to step.
 *
 * <pre>
 * in:  x_1 [] … x_k [], coefficients [k]
 * out: Σ_i c_i · x_i [], summed in double
 * </pre>
 * The coefficients have no derivative.
 */
public final class WeightedSum extends LacunaOp {
    public static final String NAME = "lacuna_weighted_sum";

    public WeightedSum() {}

    private WeightedSum(SameDiff sd, SDVariable... args) {
        super(sd, args);
    }

    /** Adds Σ c_i · x_i to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable coefficients, List<SDVariable> terms) {
        List<SDVariable> args = new ArrayList<>(terms);
        args.add(coefficients);
        return new WeightedSum(sd, args.toArray(SDVariable[]::new)).outputVariables(name)[0];
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
        int k = in.length - 1;
        for (int i = 0; i < k; i++) {
            if (in[i].length != 0) {
                throw new IllegalArgumentException(NAME + ": term " + i + " should be a scalar, not " + Arrays.toString(in[i]));
            }
        }
        if (!Arrays.equals(in[k], new long[] {k})) {
            throw new IllegalArgumentException(NAME + " of " + k + " terms wants coefficients [" + k + "], not " + Arrays.toString(in[k]));
        }
        return new long[][] {{}};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        int k = in.length - 1;
        double sum = 0;
        for (int i = 0; i < k; i++) {
            sum += in[k].getDouble(i) * in[i].getDouble(0);
        }
        out[0].assign(sum);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        int k = args().length - 1;
        return List.of(WeightedSumGrad.of(sameDiff, k, gradients.get(0), arg(k)));
    }
}
