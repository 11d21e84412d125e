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
 * in:  W [V, D], ids [B, T] INT, each in [0, V − offset)
 * out: x [B, T, D], x[b, t] = scale · W[offset + ids[b, t]]
 * </pre>
 * The offset is 0 in most models; OPT's table of positions has 2 rows in front. The scale is 1; Gemma's is √D. An id outside of the table ends a run with an {@link IllegalArgumentException} that names the position and the id.
 * Gradient: {@link EmbeddingGrad}.
 */
public final class Embedding extends LacunaOp {
    public static final String NAME = "lacuna_embedding";

    public Embedding() {}

    private Embedding(SameDiff sd, SDVariable table, SDVariable ids, int offset, double scale) {
        super(sd, table, ids);
        addIArgument(offset);
        addTArgument(scale);
    }

    /** Adds W[ids] to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable table, SDVariable ids) {
        return of(sd, name, table, ids, 0, 1);
    }

    /** Adds scale · W[offset + ids] to the graph under {@code name}. */
    public static SDVariable of(SameDiff sd, String name, SDVariable table, SDVariable ids, int offset, double scale) {
        return new Embedding(sd, table, ids, offset, scale).outputVariables(name)[0];
    }

    /** Rows of the table in front of that of id 0. */
    public int offset() {
        return integer(0);
    }

    /** What rows are multiplied by. */
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
        if (in[0].length != 2 || in[1].length != 2) {
            throw new IllegalArgumentException(NAME + " wants a table [V, D] and ids [B, T], not " + Arrays.toString(in[0]) + " and " + Arrays.toString(in[1]));
        }
        checkOffset(NAME, offset(), in[0]);
        return new long[][] {{in[1][0], in[1][1], in[0][1]}};
    }

    @Override
    public void reference(INDArray[] in, INDArray[] out) {
        INDArray table = in[0].dup('c');
        int[] ids = ids(NAME, in[1], table.size(0) - offset());
        INDArray x = Nd4j.createUninitialized(table.dataType(), ids.length, table.size(1));
        for (int r = 0; r < ids.length; r++) {
            x.putRow(r, table.getRow(offset() + ids[r]).mul(scale()));
        }
        out[0].assign(x.reshape(out[0].shape()));
    }

    static void checkOffset(String op, int offset, long[] table) {
        if (offset < 0 || offset > table[0]) {
            throw new IllegalArgumentException(op + " wants an offset from 0 to the " + table[0] + " rows of the table, not " + offset);
        }
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
        return List.of(EmbeddingGrad.of(sameDiff, gradients.get(0), arg(0), arg(1), offset(), scale()));
    }
}
