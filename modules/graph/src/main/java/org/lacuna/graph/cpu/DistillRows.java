package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.DistillLoss;

/** {@link DistillLoss} and its derivative by the student's logits, for a panel of each block of chosen tokens. */
final class DistillRows {
    /** Padding of rows: below any logit, yet so that the difference of two is a number, whatever they are divided by. */
    private static final float PADDING = -0x1p60f;
    private static final int STUDENT = 0;
    static final int TEACHER = 1;
    static final int PRODUCT = 2;

    /**
     * A model's part.
     *
     * @param x its last hidden states
     * @param table its output layer
     */
    record Model(Tensor x, Tensor table) {}

    /**
     * Working memory.
     *
     * @param x the student's rows of a block
     * @param teacherX the teacher's
     * @param logits the student's, for each panel
     * @param teacherLogits the teacher's
     */
    record Memory(Tensor x, Tensor teacherX, Tensor[] logits, Tensor[] teacherLogits) {}

    private final double temperature;
    private final ChosenTokens tokens;
    private final Tensor x;
    private final Tensor teacherX;
    private final Memory memory;
    private final LogitBlocks student;
    private final LogitBlocks teacher;
    private final ByteBuffer kl;
    private final double[] losses;
    private final float[] lanes = new float[2 * Lanes.WIDTH];
    private final double[] sums = new double[3];

    /**
     * @param panel counted from 0
     * @param kl an output
     * @param losses of all tokens, weighted: those of the panel's tokens are written
     */
    DistillRows(GemmLibrary gemms, double temperature, ChosenTokens tokens, Model student, Model teacher, Memory memory, int panel, Tensor kl, double[] losses) {
        this.temperature = temperature;
        this.tokens = tokens;
        this.memory = memory;
        this.kl = kl.bytes();
        this.losses = losses;
        x = student.x;
        teacherX = teacher.x;
        this.student = new LogitBlocks(gemms, memory.x, student.table, memory.logits[panel], panel, PADDING);
        this.teacher = new LogitBlocks(gemms, memory.teacherX, teacher.table, memory.teacherLogits[panel], panel, PADDING);
    }

    /** Rows of a block at most. */
    static int block(GemmLibrary gemms, TensorSpec x) {
        return Math.min(LogitBlocks.blockRows(gemms), x.rows());
    }

    /** A block's rows of {@code x}. */
    static TensorSpec rows(GemmLibrary gemms, TensorSpec x) {
        return new TensorSpec("rows", x.dataType(), block(gemms, x), x.size(-1));
    }

    static Memory cut(Pieces pieces, GemmLibrary gemms, TensorSpec x, TensorSpec table, TensorSpec teacherX, TensorSpec teacherTable, int panels) {
        TensorSpec rows = rows(gemms, x);
        TensorSpec teacherRows = rows(gemms, teacherX);
        int height = Math.max(LogitBlocks.height(gemms, rows, table, panels), LogitBlocks.height(gemms, teacherRows, teacherTable, panels));
        return new Memory(pieces.take(rows.name(), rows.dataType(), rows.shape()), pieces.take(rows.name(), teacherRows.dataType(), teacherRows.shape()),
                LogitBlocks.cut(pieces, rows.size(0), height, table.size(0)), LogitBlocks.cut(pieces, rows.size(0), height, table.size(0)));
    }

    /** The student's logits. */
    LogitBlocks student() {
        return student;
    }

    /** Writes kl and losses of the panel's tokens in a block. */
    void losses(int block) {
        int n = Math.min(logits(block), tokens.size(block) - student.start());
        for (int i = 0; i < n; i++) {
            loss(tokens.token(block, student.start() + i), student.open(i), teacher.open(i));
        }
    }

    /**
     * The same, and turns the student's logits into the derivative of {@code upstream} · loss by them.
     *
     * @return how many rows the panel has
     */
    int gradients(int block, float upstream) {
        int n = logits(block);
        for (int i = 0; i < n; i++) {
            int row = student.start() + i;
            int si = student.open(i);
            if (row < tokens.size(block)) {
                int token = tokens.token(block, row);
                int ti = teacher.open(i);
                loss(token, si, ti);
                double by = upstream * temperature * tokens.weight(token);
                DistillLossGradKernel.difference(student.place(), si, (float) (by / sums[STUDENT]), teacher.place(), ti, (float) (by / sums[TEACHER]), student.padded());
            } else {
                LogitBlocks.zero(student.place(), si, student.padded());
            }
            student.close(i, si);
        }
        return n;
    }

    /** Makes both models' logits; returns of how many rows, with those of zeros. */
    private int logits(int block) {
        int n = student.size(tokens.height(block));
        if (n > 0) {
            tokens.gather(block, x, memory.x, student.start(), n);
            tokens.gather(block, teacherX, memory.teacherX, student.start(), n);
            student.run(student.start(), n);
            teacher.run(student.start(), n);
        }
        return n;
    }

    /**
     * Writes a token's kl and loss, and leaves the exponentials of both rows and their sums. What is added up is the same for both,
     * in the same order: where the logits are the same, all differences are 0.
     */
    private void loss(int token, int si, int ti) {
        ByteBuffer s = student.place();
        ByteBuffer t = teacher.place();
        int padded = student.padded();
        float sMost = LogitBlocks.largest(s, si, padded);
        float tMost = LogitBlocks.largest(t, ti, padded);
        float inverse = (float) (1 / temperature);
        Arrays.fill(sums, 0);
        for (int v = 0; v < padded; v += LogitBlocks.CHUNK) {
            int n = Math.min(LogitBlocks.CHUNK, padded - v);
            DistillLossKernel.teacher(t, ti + v, tMost, s, si + v, sMost, inverse, n, lanes, sums);
            sums[STUDENT] += DistillLossKernel.student(s, si + v, sMost, inverse, n, lanes);
        }
        double value = sums[PRODUCT] / sums[TEACHER] + (Math.log(sums[STUDENT]) - Math.log(sums[TEACHER]));
        losses[token] = tokens.weight(token) * temperature * temperature * value;
        Lanes.put(kl, token, (float) value);
    }
}
