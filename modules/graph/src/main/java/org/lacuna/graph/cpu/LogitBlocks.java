package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Blocks of rows of logits in working memory: the part that losses on logits and their gradients share. One object works on a
 * panel of each block: some of its rows, which lie dense. Where they are no whole vectors, a row is worked on in a place of its
 * own, padded with what adds nothing to a maximum and less than a float can tell to a sum of exponentials.
 */
final class LogitBlocks {
    /** So many exponentials are summed in float before the sum goes on in double. */
    static final int CHUNK = 64 * Lanes.WIDTH;
    /** With fewer, adding up dW costs more than its products; with more, working memory grows and speed hardly does. */
    private static final int MOST_ROWS = 256;

    private final Gemm product;
    private final Matrix gradient;
    private final ByteBuffer logits;
    private final int width;
    private final int vocabulary;
    /** Floats of a row and up to whole vectors. */
    private final int padded;
    private final float padding;
    /** A row's own place; null where rows are whole vectors. */
    private final ByteBuffer row;
    /** Where the panel starts in a block, and how many rows it has at most. */
    private final int start;
    private final int height;

    /**
     * @param scratch for the panel's logits
     * @param panel counted from 0
     * @param padding below every logit
     */
    LogitBlocks(GemmLibrary gemms, Tensor x, Tensor table, Tensor scratch, int panel, float padding) {
        this.padding = padding;
        logits = scratch.bytes();
        width = x.spec().size(-1);
        vocabulary = table.spec().size(0);
        padded = (vocabulary + Lanes.WIDTH - 1) / Lanes.WIDTH * Lanes.WIDTH;
        row = padded == vocabulary ? null : Lanes.floats(padded);
        height = scratch.spec().size(0);
        start = panel * height;
        Matrix block = Matrix.of(scratch);
        gradient = x.dataType() == DataType.BFLOAT16 ? Matrix.dense(scratch, DataType.BFLOAT16) : block;
        product = gemms.bind(false, true, 0, vocabulary, width, Matrix.of(x), Matrix.of(table), false, block);
    }

    /** Rows in a block, of all panels: such that a row's bits don't depend on its block. */
    static int blockRows(GemmLibrary gemms) {
        return MOST_ROWS / gemms.rowsAlike() * gemms.rowsAlike();
    }

    /** How many rows of a block a panel has, so that their logits, and then the derivatives by x, have the same bits in any. */
    static int height(GemmLibrary gemms, TensorSpec x, TensorSpec table, int panels) {
        int block = Math.min(blockRows(gemms), x.rows());
        int byWidth = gemms.panelHeight(false, x.dataType(), DataType.FLOAT, block, table.size(1), panels);
        int height = Math.max(byWidth, gemms.panelHeight(false, x.dataType(), DataType.FLOAT, block, table.size(0), panels));
        if (x.rows() % block % height == 1) {
            height = block; // in the last block, a row that is alone in its panel would not have the bits that it has among others
        }
        return height;
    }

    /** Cuts working memory for the logits [height, vocabulary] of each panel of a block. */
    static Tensor[] cut(Pieces pieces, int block, int height, int vocabulary) {
        Tensor[] logits = new Tensor[(block + height - 1) / height];
        for (int p = 0; p < logits.length; p++) {
            logits[p] = pieces.take("logits", DataType.FLOAT, height, vocabulary);
        }
        return logits;
    }

    /** The same for the rows of x, as they are. */
    static Tensor[] cut(Pieces pieces, GemmLibrary gemms, TensorSpec x, TensorSpec table, int panels) {
        return cut(pieces, Math.min(blockRows(gemms), x.rows()), height(gemms, x, table, panels), table.size(0));
    }

    /** Where {@link #close} leaves the panel's rows, in the numbers of the factors. */
    Matrix gradient() {
        return gradient;
    }

    /** The panel's first row in a block. */
    int start() {
        return start;
    }

    /** How many rows the panel has in a block of {@code rows}. */
    int size(int rows) {
        return Math.max(0, Math.min(height, rows - start));
    }

    /** Makes the logits of the {@code n} rows of x from row {@code from} on. */
    void run(int from, int n) {
        product.run(n, vocabulary, width, (long) from * width, 0, 0);
    }

    /** Where row {@code i} can be worked on in whole vectors: in {@link #place}, from the index returned, {@link #padded} floats. */
    int open(int i) {
        if (row == null) {
            return i * vocabulary;
        }
        row.put(0, logits, i * vocabulary * Float.BYTES, vocabulary * Float.BYTES);
        for (int v = vocabulary; v < padded; v++) {
            Lanes.put(row, v, padding);
        }
        return 0;
    }

    ByteBuffer place() {
        return row == null ? logits : row;
    }

    int padded() {
        return padded;
    }

    /** Keeps row {@code i}, which was worked on from {@code at} on, in the numbers of the factors; bf16 goes to where rows of floats have been read. */
    void close(int i, int at) {
        if (gradient.type() == DataType.BFLOAT16) {
            Bfloat16.round(place(), at, logits, i * vocabulary, vocabulary);
        } else if (row != null) {
            logits.put(i * vocabulary * Float.BYTES, row, 0, vocabulary * Float.BYTES);
        }
    }

    static float largest(ByteBuffer b, int from, int n) {
        FloatVector largest = Lanes.load(b, from);
        for (int i = Lanes.WIDTH; i < n; i += Lanes.WIDTH) {
            largest = largest.max(Lanes.load(b, from + i));
        }
        return Lanes.max(largest);
    }

    /** Writes exp(b − shift) over b; returns its sum, in float. */
    static float exponentials(ByteBuffer b, int from, int n, float shift, float[] lanes) {
        FloatVector sum = FloatVector.zero(Lanes.F);
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            FloatVector e = Lanes.exp(Lanes.load(b, from + i).sub(shift));
            Lanes.store(e, b, from + i);
            sum = sum.add(e);
        }
        return Lanes.sum(sum, lanes);
    }

    static void scale(ByteBuffer b, int from, int n, float factor) {
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(b, from + i).mul(factor), b, from + i);
        }
    }

    static void zero(ByteBuffer b, int from, int n) {
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            Lanes.store(FloatVector.zero(Lanes.F), b, from + i);
        }
    }

    /** The sum of all rows' losses, in their order. */
    static float total(double[] losses) {
        double sum = 0;
        for (double loss : losses) {
            sum += loss;
        }
        return (float) sum;
    }
}
