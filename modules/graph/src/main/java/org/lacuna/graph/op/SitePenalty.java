package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.lacuna.graph.penalty.Penalties;
import org.lacuna.graph.penalty.Penalty;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A sparsity penalty on the vectors of one site.
 *
 * <pre>
 * in:  v [B, T, n], tokenWeight [B, T] FLOAT ≥ 0, 0 for a token that doesn't count; its vector isn't read
 * out: penalty [] = Σ_t w_t · φ_t over all tokens, summed in double; see {@link Penalty}
 * integer argument 0: the penalty's code
 * floating arguments: the penalty's parameters in their order
 * </pre>
 */
public final class SitePenalty extends LacunaOp {
    public static final String NAME = "lacuna_penalty";

    public SitePenalty() {}

    private SitePenalty(SameDiff sd, Penalty penalty, double[] parameters, SDVariable v, SDVariable tokenWeight) {
        super(sd, v, tokenWeight);
        addIArgument(penalty.code());
        addTArgument(parameters);
    }

    /**
     * Adds the penalty to the graph under {@code name}.
     *
     * @param parameters a value for each of the penalty's parameters
     * @throws IllegalArgumentException if they don't fit the penalty
     */
    public static SDVariable of(SameDiff sd, String name, Penalty penalty, double[] parameters, SDVariable v, SDVariable tokenWeight) {
        penalty.check(parameters);
        return new SitePenalty(sd, penalty, parameters, v, tokenWeight).outputVariables(name)[0];
    }

    /** The penalty. */
    public Penalty penalty() {
        return Penalties.byCode(integer(0));
    }

    /** The values of the penalty's parameters. */
    public double[] parameters() {
        return tArgs();
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
        penalty().check(parameters()); // a saved graph may hold others than this class would take
        checkShapes(NAME, in[0], in[1]);
        return new long[][] {{}};
    }

    static void checkShapes(String op, long[] v, long[] tokenWeight) {
        if (v.length != 3 || !Arrays.equals(tokenWeight, new long[] {v[0], v[1]})) {
            throw new IllegalArgumentException(op + " wants v [B, T, n] and token weights [B, T], not " + Arrays.toString(v) + " and " + Arrays.toString(tokenWeight));
        }
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray w = in[1].castTo(DataType.DOUBLE);
        INDArray phi = penalty().reference(counted(in[0], w), w, parameters());
        out[0].assign(phi.mul(w).sumNumber().doubleValue());
    }

    /** v in double, a new array, with zeros for tokens that don't count, whatever they hold. */
    static INDArray counted(INDArray v, INDArray tokenWeight) {
        INDArray rows = v.castTo(DataType.DOUBLE).dup('c').reshape(-1, v.size(2));
        INDArray weights = tokenWeight.dup('c').reshape(-1);
        for (long row = 0; row < rows.size(0); row++) {
            if (weights.getDouble(row) == 0) {
                rows.getRow(row).assign(0);
            }
        }
        return rows.reshape(v.shape());
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(SitePenaltyGrad.of(sameDiff, penalty(), parameters(), gradients.get(0), arg(0), arg(1)));
    }
}
