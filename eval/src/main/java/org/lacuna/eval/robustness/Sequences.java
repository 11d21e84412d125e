package org.lacuna.eval.robustness;

import java.util.Arrays;
import org.lacuna.data.Batch;

/**
 * Texts that go through a model side by side, each scored on its own.
 *
 * @param batch   a text a row, the shorter ones padded on the right with any token and {@link Batch#NOT_SCORED}; the arrays belong to it
 * @param lengths tokens of each text, at least 1
 */
public record Sequences(Batch batch, int[] lengths) {
    /** Checks the lengths. */
    public Sequences {
        if (lengths.length != batch.rows() || Arrays.stream(lengths).anyMatch(length -> length < 1 || length > batch.length())) {
            throw new IllegalArgumentException("lengths " + Arrays.toString(lengths) + " of a batch of " + batch.rows() + " × " + batch.length());
        }
    }

    /** Rows without padding. */
    public static Sequences whole(Batch batch) {
        int[] lengths = new int[batch.rows()];
        Arrays.fill(lengths, batch.length());
        return new Sequences(batch, lengths);
    }

    /** How many texts. */
    public int rows() {
        return batch.rows();
    }

    /** Tokens of a row, padding among them. */
    public int length() {
        return batch.length();
    }

    /** The first position of a row whose next token is scored, the row's length if none is. */
    int firstScored(int row) {
        int t = 0;
        while (t < lengths[row] && batch.targets()[row * batch.length() + t] == Batch.NOT_SCORED) {
            t++;
        }
        return t;
    }
}
