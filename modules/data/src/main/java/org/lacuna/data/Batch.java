package org.lacuna.data;

import java.util.Arrays;

/**
 * Some windows of a token sequence, as a model reads them: the inputs, and at each position the token that follows.
 * The arrays belong to the batch; nobody changes them.
 *
 * @param rows    number of windows
 * @param length  tokens in each window
 * @param inputs  token ids, row-major [rows, length]
 * @param targets the next token of each position, row-major [rows, length]; {@link #NOT_SCORED} where none is scored
 */
public record Batch(int rows, int length, int[] inputs, int[] targets) {

    /** The target of a position that no loss counts. */
    public static final int NOT_SCORED = -1;

    /** Checks the arrays against the shape. */
    public Batch {
        if (rows < 1 || length < 1 || inputs.length != Math.multiplyExact(rows, length) || targets.length != inputs.length) {
            throw new IllegalArgumentException("a batch of " + rows + " × " + length + " with " + inputs.length
                    + " inputs and " + targets.length + " targets");
        }
    }

    /**
     * The windows {@code from} (inclusive) to {@code to} (exclusive) as a batch of their own (copies).
     *
     * @param from first row
     * @param to   the row after the last
     * @return the rows
     */
    public Batch rows(int from, int to) {
        return new Batch(to - from, length, Arrays.copyOfRange(inputs, from * length, to * length),
                Arrays.copyOfRange(targets, from * length, to * length));
    }

    /**
     * How many positions are scored.
     *
     * @return the number of targets that are a token
     */
    public int scored() {
        int scored = 0;
        for (int target : targets) {
            if (target != NOT_SCORED) {
                scored++;
            }
        }
        return scored;
    }
}
