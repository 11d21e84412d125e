package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The L1 norm of activations, weighted by token, and the count of their exact zeros.
 *
 * <pre>
 * in:  v [B, T, n], tokenWeight [B, T] FLOAT ≥ 0, 0 for a token that does not count
 * out: penalty [] = Σ_t w_t · Σ_j |v_tj|, summed in double
 *      zeros [] LONG, how many v_tj are 0 where w_t &gt; 0
 * </pre>
 */
public final class L1 extends LacunaOp {
    public static final String NAME = "lacuna_l1";

    public L1() {}

    private L1(SameDiff sd, SDVariable v, SDVariable tokenWeight) {
        super(sd, v, tokenWeight);
    }

    /**
     * Adds the norm to the graph.
     *
     * @return the norm under {@code penalty}, and the count under {@code zeros}
     */
    public static SDVariable[] of(SameDiff sd, String penalty, String zeros, SDVariable v, SDVariable tokenWeight) {
        SDVariable[] out = new L1(sd, v, tokenWeight).outputVariables(penalty);
        out[1].rename(zeros);
        return out;
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
    public DataType outputType(int index, List<DataType> inputs) {
        return index == 0 ? inputs.get(0) : DataType.INT64;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        checkShapes(NAME, in[0], in[1]);
        return new long[][] {{}, {}};
    }

    static void checkShapes(String op, long[] v, long[] tokenWeight) {
        if (v.length != 3 || !Arrays.equals(tokenWeight, new long[] {v[0], v[1]})) {
            throw new IllegalArgumentException(op + " wants v [B, T, n] and token weights [B, T], not " + Arrays.toString(v) + " and " + Arrays.toString(tokenWeight));
        }
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray v = in[0].castTo(DataType.DOUBLE);
        INDArray w = in[1].castTo(DataType.DOUBLE);
        INDArray magnitudes = v.mul(v.gt(0).castTo(DataType.DOUBLE).subi(v.lt(0).castTo(DataType.DOUBLE)));
        out[0].assign(magnitudes.sum(2).muli(w).sumNumber().doubleValue());
        INDArray zeros = v.eq(0).castTo(DataType.DOUBLE).sum(2).muli(w.gt(0).castTo(DataType.DOUBLE));
        out[1].assign(zeros.sumNumber().longValue());
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(L1Grad.of(sameDiff, gradients.get(0), arg(0), arg(1)));
    }
}
