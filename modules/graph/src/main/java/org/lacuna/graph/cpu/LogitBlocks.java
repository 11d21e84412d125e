package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.LmHeadLoss;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Blocks of rows of logits in working memory: the part that the loss and its gradient share. One object works on a panel of
 * each block: some of its rows, which lie dense. Where they are no whole vectors, a row is worked on in a place of its own, padded
 * with −∞, which adds nothing to a maximum and less than a float can tell to a sum of exponentials.
 */
final class LogitBlocks {
    /** With fewer, adding up dW costs more than its products; with more, working memory grows and speed hardly does. */
    private static final int MOST_ROWS = 256;
    /** So many exponentials are summed in float before the sum goes on in double. */
    private static final int CHUNK = 64 * Lanes.WIDTH;

    private final String op;
    private final Gemm product;
    private final Matrix gradient;
    private final ByteBuffer targets;
    private final ByteBuffer weights;
    private final ByteBuffer nll;
    private final ByteBuffer logits;
    private final double[] losses;
    private final int rows;
    private final int length;
    private final int width;
    private final int vocabulary;
    /** Floats of a row and up to whole vectors. */
    private final int padded;
    /** A row's own place; null where rows are whole vectors. */
    private final ByteBuffer row;
    /** Where the panel starts in a block, and how many rows it has at most. */
    private final int start;
    private final int height;
    private final float[] lanes = new float[Lanes.WIDTH];

    /**
     * @param nll an output
     * @param losses of all rows, weighted: those of the panel's rows are written
     * @param scratch for the panel's logits
     * @param panel counted from 0
     */
    LogitBlocks(GemmLibrary gemms, String op, Tensor x, Tensor table, Tensor targets, Tensor weights, Tensor nll, double[] losses, Tensor scratch, int panel) {
        this.op = op;
        this.losses = losses;
        this.targets = targets.bytes();
        this.weights = weights.bytes();
        this.nll = nll.bytes();
        logits = scratch.bytes();
        rows = x.spec().rows();
        length = x.spec().size(1);
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

    /** Cuts working memory for each panel's logits [rows, vocabulary]. */
    static Tensor[] cut(Pieces pieces, GemmLibrary gemms, TensorSpec x, TensorSpec table, int panels) {
        int block = Math.min(blockRows(gemms), x.rows());
        int byWidth = gemms.panelHeight(false, x.dataType(), DataType.FLOAT, block, table.size(1), panels);
        int height = Math.max(byWidth, gemms.panelHeight(false, x.dataType(), DataType.FLOAT, block, table.size(0), panels));
        if (x.rows() % block % height == 1) {
            height = block; // in the last block, a row that is alone in its panel would not have the bits that it has among others
        }
        Tensor[] logits = new Tensor[(block + height - 1) / height];
        for (int p = 0; p < logits.length; p++) {
            logits[p] = pieces.take("logits", DataType.FLOAT, height, table.size(0));
        }
        return logits;
    }

    /** Where {@link #gradients} leaves the panel's rows, in the numbers of the factors. */
    Matrix gradient() {
        return gradient;
    }

    /** The first row of the panel in the block that starts at row {@code block}. */
    int from(int block) {
        return block + start;
    }

    /** How many rows the panel has in the block that starts at row {@code block}. */
    int size(int block, int blockRows) {
        return Math.max(0, Math.min(height, Math.min(blockRows, rows - block) - start));
    }

    /** Throws for the first target that cannot be. */
    void check() {
        for (int r = 0; r < rows; r++) {
            int target = target(r);
            if (target < -1 || target >= vocabulary) {
                throw LmHeadLoss.outside(op, target, r, length, vocabulary);
            }
        }
    }

    private int target(int row) {
        return targets.getInt(row * Integer.BYTES);
    }

    private boolean scored(int row) {
        return target(row) >= 0 && Lanes.get(weights, row) != 0;
    }

    /** Writes nll and losses of rows {@code from} to {@code from + n}. */
    void losses(int from, int n) {
        product.run(n, vocabulary, width, (long) from * width, 0, 0);
        for (int i = 0; i < n; i++) {
            loss(from + i, open(i));
        }
    }

    /** The same, and turns the rows into the derivative of {@code upstream} · loss by the logits; a row at a time, while it is in the cache. */
    void gradients(int from, int n, float upstream) {
        product.run(n, vocabulary, width, (long) from * width, 0, 0);
        for (int i = 0; i < n; i++) {
            int at = open(i);
            double sum = loss(from + i, at);
            gradient(from + i, at, sum, upstream);
            close(i, at);
        }
    }

    /** Where row {@code i} can be worked on in whole vectors: in {@link #place}, from the index returned. */
    private int open(int i) {
        if (row == null) {
            return i * vocabulary;
        }
        row.put(0, logits, i * vocabulary * Float.BYTES, vocabulary * Float.BYTES);
        for (int v = vocabulary; v < padded; v++) {
            Lanes.put(row, v, Float.NEGATIVE_INFINITY);
        }
        return 0;
    }

    private ByteBuffer place() {
        return row == null ? logits : row;
    }

    /** Keeps row {@code i}, which was worked on from {@code at} on, in the numbers of the factors; bf16 goes to where rows of floats have been read. */
    private void close(int i, int at) {
        if (gradient.type() == DataType.BFLOAT16) {
            Bfloat16.round(place(), at, logits, i * vocabulary, vocabulary);
        } else if (row != null) {
            logits.put(i * vocabulary * Float.BYTES, row, 0, vocabulary * Float.BYTES);
        }
    }

    /** Writes a token's nll and loss, and leaves exp(logit − the row's largest) of its row; returns their sum, if it is scored. */
    private double loss(int token, int at) {
        double value = 0;
        double weighted = 0;
        double sum = 0;
        if (scored(token)) {
            ByteBuffer b = place();
            double wanted = Lanes.get(b, at + target(token));
            float largest = largest(b, at, padded);
            for (int v = 0; v < padded; v += CHUNK) {
                sum += exponentials(b, at + v, Math.min(CHUNK, padded - v), largest, lanes);
            }
            value = Math.log(sum) + largest - wanted;
            weighted = Lanes.get(weights, token) * value;
        }
        losses[token] = weighted;
        Lanes.put(nll, token, (float) value);
        return sum;
    }

    /** Turns the exponentials that {@link #loss} left, and whose sum it returned, into the derivative. */
    private void gradient(int token, int at, double sum, float upstream) {
        ByteBuffer b = place();
        if (scored(token)) {
            double weight = (double) upstream * Lanes.get(weights, token);
            double probability = Lanes.get(b, at + target(token)) / sum;
            scale(b, at, padded, (float) (weight / sum));
            Lanes.put(b, at + target(token), (float) (weight * (probability - 1)));
        } else {
            zero(b, at, padded);
        }
    }

    private static float largest(ByteBuffer b, int from, int n) {
        FloatVector largest = Lanes.load(b, from);
        for (int i = Lanes.WIDTH; i < n; i += Lanes.WIDTH) {
            largest = largest.max(Lanes.load(b, from + i));
        }
        return Lanes.max(largest);
    }

    private static float exponentials(ByteBuffer b, int from, int n, float shift, float[] lanes) {
        FloatVector sum = FloatVector.zero(Lanes.F);
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            FloatVector e = Lanes.exp(Lanes.load(b, from + i).sub(shift));
            Lanes.store(e, b, from + i);
            sum = sum.add(e);
        }
        return Lanes.sum(sum, lanes);
    }

    private static void scale(ByteBuffer b, int from, int n, float factor) {
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(b, from + i).mul(factor), b, from + i);
        }
    }

    private static void zero(ByteBuffer b, int from, int n) {
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
