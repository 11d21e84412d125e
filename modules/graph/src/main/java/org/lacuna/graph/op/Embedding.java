package org.lacuna.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Rows of a table.
 *
 * <pre>
 * in:  W [V, D], ids [B, T] INT, each in [0, V)
 * out: x [B, T, D], x[b, t] = W[ids[b, t]]
 * </pre>
 * An id outside of the table ends a run with an {@link IllegalArgumentException} that names the position and the id.
 * Gradient: {@link EmbeddingGrad}.
 */
public final class Embedding extends LacunaOp {
    public static final String NAME = "lacuna_embedding";

    public Embedding() {}

    private Embedding(SameDiff sd, SDVariable table, SDVariable ids) {
        super(sd, table, ids);
    }

    /** Adds W[ids] to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable table, SDVariable ids) {
        return new Embedding(sd, table, ids).outputVariables(name)[0];
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
        if (in[0].length != 2 || in[1].length != 2) {
            throw new IllegalArgumentException(NAME + " wants a table [V, D] and ids [B, T], not " + Arrays.toString(in[0]) + " and " + Arrays.toString(in[1]));
        }
        return new long[][] {{in[1][0], in[1][1], in[0][1]}};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray table = in[0].dup('c');
        int[] ids = ids(NAME, in[1], table.size(0));
        INDArray x = Nd4j.createUninitialized(table.dataType(), ids.length, table.size(1));
        for (int r = 0; r < ids.length; r++) {
            x.putRow(r, table.getRow(ids[r]));
        }
        out[0].assign(x.reshape(out[0].shape()));
    }

    /** The ids in row order, all in [0, {@code size}). */
    static int[] ids(String op, INDArray array, long size) {
        int[] ids = array.dup('c').castTo(DataType.INT32).data().asInt();
        for (int r = 0; r < ids.length; r++) {
            if (ids[r] < 0 || ids[r] >= size) {
                throw outside(op, ids[r], r, Math.toIntExact(array.size(1)), size);
            }
        }
        return ids;
    }

    /**
     * What a kernel or reference throws for an id that the table does not have.
     *
     * @param row of the id among all B · T, of which {@code length} = T make a sequence
     */
    public static IllegalArgumentException outside(String op, int id, int row, int length, long size) {
        return new IllegalArgumentException(op + ": id " + id + " at [" + row / length + ", " + row % length + "] is not in [0, " + size + ")");
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(EmbeddingGrad.of(sameDiff, gradients.get(0), arg(0), arg(1)));
    }
}
