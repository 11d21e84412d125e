package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.LmHeadLoss;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Blocks of rows of logits in working memory: the part that the loss and its gradient share. A block's rows are padded to
 * whole vectors with −∞, which adds nothing to a maximum and less than a float can tell to a sum of exponentials.
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
    /** Such that a row's bits don't depend on its block. */
    private final int blockRows;
    private final int rows;
    private final int length;
    private final int width;
    private final int vocabulary;
    private final int stride;
    private final float[] lanes = new float[Lanes.WIDTH];
    private final double[] sums = new double[MOST_ROWS];

    LogitBlocks(GemmLibrary gemms, String op, Tensor x, Tensor table, Tensor targets, Tensor weights, Tensor nll, Tensor scratch) {
        this.op = op;
        blockRows = MOST_ROWS / gemms.rowsAlike() * gemms.rowsAlike();
        this.targets = targets.bytes();
        this.weights = weights.bytes();
        this.nll = nll.bytes();
        logits = scratch.bytes();
        rows = x.spec().rows();
        length = x.spec().size(1);
        width = x.spec().size(-1);
        vocabulary = table.spec().size(0);
        stride = stride(table.spec());
        Matrix block = Matrix.of(scratch, stride);
        gradient = x.dataType() == DataType.BFLOAT16 ? Matrix.dense(scratch, DataType.BFLOAT16) : block;
        product = gemms.bind(false, true, 0, vocabulary, width, Matrix.of(x), Matrix.of(table), false, block);
    }

    /** Where {@link #gradients} leaves a block, in the numbers of the factors. */
    Matrix gradient() {
        return gradient;
    }

    static long scratchBytes(TensorSpec x, TensorSpec table) {
        return (long) Math.min(MOST_ROWS, x.rows()) * stride(table) * Float.BYTES;
    }

    /** The distance of two rows of logits, in floats. */
    static int stride(TensorSpec table) {
        return (table.size(0) + Lanes.WIDTH - 1) / Lanes.WIDTH * Lanes.WIDTH;
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

    /** How many rows the block that starts at row {@code from} has. */
    int size(int from) {
        return Math.min(blockRows, rows - from);
    }

    /** Whether there is a block that starts at row {@code from}. */
    boolean has(int from) {
        return from < rows;
    }

    private int target(int row) {
        return targets.getInt(row * Integer.BYTES);
    }

    private boolean scored(int row) {
        return target(row) >= 0 && Lanes.get(weights, row) != 0;
    }

    /** Leaves exp(logit − the row's largest) in a block, writes its nll, and returns Σ weight · nll. */
    double losses(int from) {
        int n = size(from);
        product.run(n, vocabulary, width, (long) from * width, 0, 0);
        double loss = 0;
        for (int i = 0; i < n; i++) {
            int row = from + i;
            double value = 0;
            if (scored(row)) {
                value = loss(i, target(row));
                loss += Lanes.get(weights, row) * value;
            }
            Lanes.put(nll, row, (float) value);
        }
        return loss;
    }

    private double loss(int i, int target) {
        int at = i * stride;
        for (int v = vocabulary; v < stride; v++) {
            Lanes.put(logits, at + v, Float.NEGATIVE_INFINITY);
        }
        double wanted = Lanes.get(logits, at + target);
        float largest = largest(logits, at, stride);
        double sum = 0;
        for (int v = 0; v < stride; v += CHUNK) {
            sum += exponentials(logits, at + v, Math.min(CHUNK, stride - v), largest, lanes);
        }
        sums[i] = sum;
        return Math.log(sum) + largest - wanted;
    }

    /** Turns what {@link #losses} left of a block into the derivative of {@code upstream} · loss by the logits. */
    void gradients(int from, float upstream) {
        int n = size(from);
        for (int i = 0; i < n; i++) {
            int row = from + i;
            if (scored(row)) {
                double weight = (double) upstream * Lanes.get(weights, row);
                int at = i * stride + target(row);
                double probability = Lanes.get(logits, at) / sums[i];
                scale(logits, i * stride, stride, (float) (weight / sums[i]));
                Lanes.put(logits, at, (float) (weight * (probability - 1)));
            } else {
                zero(logits, i * stride, stride);
            }
            if (gradient.type() == DataType.BFLOAT16) {
                Bfloat16.round(logits, i * stride, logits, i * vocabulary, vocabulary); // to where rows of floats have been read
            }
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
}
