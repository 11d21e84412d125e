package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LmHeadLoss;

/** {@link LmHeadLoss} and its derivative by the logits, for a panel of each block of logits. */
final class LmHeadRows {
    private final String op;
    private final double zLoss;
    private final LogitBlocks logits;
    private final ByteBuffer targets;
    private final ByteBuffer weights;
    private final ByteBuffer nll;
    /** Null where nobody asks. */
    private final ByteBuffer greedy;
    private final double[] losses;
    private final int rows;
    private final int length;
    private final int vocabulary;
    private final float[] lanes = new float[Lanes.WIDTH];
    /** What {@link #loss} knows of the row that it was last given. */
    private double sum;
    private double logSum;

    /**
     * @param logits of the panel
     * @param out  nll and, if it is asked for, greedy are written
     * @param losses of all rows, weighted: those of the panel's rows are written
     */
    LmHeadRows(String op, double zLoss, LogitBlocks logits, Tensor table, Tensor targets, Tensor weights, Tensor[] out, double[] losses) {
        this.op = op;
        this.zLoss = zLoss;
        this.logits = logits;
        this.targets = targets.bytes();
        this.weights = weights.bytes();
        nll = out[0].bytes();
        greedy = out.length > 1 ? out[1].bytes() : null;
        this.losses = losses;
        rows = losses.length;
        length = targets.spec().size(1);
        vocabulary = table.spec().size(0);
    }

    LogitBlocks logits() {
        return logits;
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

    /** Whether a row adds to the loss. */
    boolean scored(int row) {
        return target(row) >= 0 && Lanes.get(weights, row) != 0;
    }

    /** The panel's first row in the block that starts at row {@code block}. */
    int from(int block) {
        return block + logits.start();
    }

    /** How many rows the panel has in the block that starts at row {@code block}. */
    int size(int block, int blockRows) {
        return logits.size(Math.min(blockRows, rows - block));
    }

    /** Writes nll and losses of the panel's rows of all blocks. */
    void losses(int blockRows) {
        for (int block = 0; block < rows; block += blockRows) {
            int n = size(block, blockRows);
            if (n > 0) {
                int from = from(block);
                logits.run(from, n);
                for (int i = 0; i < n; i++) {
                    loss(from + i, logits, logits.open(i));
                }
            }
        }
    }

    /**
     * The same of rows that were copied together.
     *
     * @param scored the rows
     * @param b      a block of them
     * @param copied the panel's part of where they are
     */
    void losses(ChosenTokens scored, int b, int blockRows, LogitBlocks copied) {
        copied.run(copied.start(), copied.size(blockRows));
        int n = copied.size(scored.size(b));
        for (int i = 0; i < n; i++) {
            loss(scored.token(b, copied.start() + i), copied, copied.open(i));
        }
    }

    /** Writes what a row has that is not scored, to all rows. */
    void clear() {
        for (int r = 0; r < rows; r++) {
            losses[r] = 0;
            Lanes.put(nll, r, 0);
            greedy.putInt(r * Integer.BYTES, 0);
        }
    }

    /** The same, and turns the rows into the derivative of {@code upstream} · loss by the logits; a row at a time, while it is in the cache. */
    void gradients(int from, int n, float upstream) {
        logits.run(from, n);
        for (int i = 0; i < n; i++) {
            int at = logits.open(i);
            loss(from + i, logits, at);
            gradient(from + i, at, upstream);
            logits.close(i, at);
        }
    }

    /** Writes a token's nll and loss, and leaves exp(logit − the row's largest) of its row of {@code made}, if it is scored. */
    private void loss(int token, LogitBlocks made, int at) {
        double value = 0;
        double weighted = 0;
        if (scored(token)) {
            ByteBuffer b = made.place();
            int padded = made.padded();
            double wanted = Lanes.get(b, at + target(token));
            float largest = LogitBlocks.largest(b, at, padded);
            if (greedy != null) {
                greedy.putInt(token * Integer.BYTES, wanted == largest && isFirst(b, at, target(token)) ? 1 : 0);
            }
            sum = 0;
            for (int v = 0; v < padded; v += LogitBlocks.CHUNK) {
                sum += LogitBlocks.exponentials(b, at + v, Math.min(LogitBlocks.CHUNK, padded - v), largest, lanes);
            }
            logSum = Math.log(sum) + largest;
            value = logSum - wanted;
            weighted = Lanes.get(weights, token) * (value + zLoss * logSum * logSum);
        }
        if (greedy != null && !scored(token)) {
            greedy.putInt(token * Integer.BYTES, 0);
        }
        losses[token] = weighted;
        Lanes.put(nll, token, (float) value);
    }

    /** Whether no logit before the {@code target}'s is as large. */
    private static boolean isFirst(ByteBuffer b, int at, int target) {
        float largest = Lanes.get(b, at + target);
        int v = 0;
        while (Lanes.get(b, at + v) != largest) {
            v++;
        }
        return v == target;
    }

    /** Turns the exponentials that {@link #loss} left into the derivative. */
    private void gradient(int token, int at, float upstream) {
        ByteBuffer b = logits.place();
        if (scored(token)) {
            double weight = (double) upstream * Lanes.get(weights, token);
            double pull = 1 + 2 * zLoss * logSum;
            double probability = Lanes.get(b, at + target(token)) / sum;
            LogitBlocks.scale(b, at, logits.padded(), (float) (weight * pull / sum));
            Lanes.put(b, at + target(token), (float) (weight * (probability * pull - 1)));
        } else {
            LogitBlocks.zero(b, at, logits.padded());
        }
    }
}
