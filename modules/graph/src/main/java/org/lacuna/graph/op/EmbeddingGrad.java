package org.lacuna.graph.op;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The gradient of {@link Embedding} with respect to its table.
 *
 * <pre>
 * in:  dy [B, T, D], W [V, D] (its shape alone counts), ids [B, T] INT, each in [0, V − offset)
 * out: dW [V, D], dW[offset + v] = Σ scale · dy[b, t] over the positions whose id is v, in rising order; 0 where there is none
 * </pre>
 */
public final class EmbeddingGrad extends LacunaOp {
    public static final String NAME = "lacuna_embedding_grad";

    public EmbeddingGrad() {}

    private EmbeddingGrad(SameDiff sd, SDVariable dy, SDVariable table, SDVariable ids, int offset, double scale) {
        super(sd, dy, table, ids);
        addIArgument(offset);
        addTArgument(scale);
    }

    /** Adds dW to the graph. */
    public static SDVariable of(SameDiff sd, SDVariable dy, SDVariable table, SDVariable ids, int offset, double scale) {
        return new EmbeddingGrad(sd, dy, table, ids, offset, scale).outputVariable();
    }

    /** As in {@link Embedding#offset}. */
    public int offset() {
        return integer(0);
    }

    /** As in {@link Embedding#scale}. */
    public double scale() {
        return floating(0);
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
        long[] dy = in[0];
        if (dy.length != 3 || in[1].length != 2 || dy[2] != in[1][1] || !Arrays.equals(in[2], new long[] {dy[0], dy[1]})) {
            throw new IllegalArgumentException(NAME + " wants dy [B, T, D], a table [V, D] and ids [B, T], not "
                    + Arrays.toString(dy) + ", " + Arrays.toString(in[1]) + " and " + Arrays.toString(in[2]));
        }
        Embedding.checkOffset(NAME, offset(), in[1]);
        return new long[][] {in[1]};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray dy = Linear.rows(in[0]);
        INDArray sum = Nd4j.zeros(dy.dataType(), out[0].shape());
        int[] ids = Embedding.ids(NAME, in[2], sum.size(0) - offset());
        for (int r = 0; r < ids.length; r++) {
            int to = offset() + ids[r];
            sum.putRow(to, sum.getRow(to).add(dy.getRow(r).mul(scale())));
        }
        out[0].assign(sum);
    }
}
