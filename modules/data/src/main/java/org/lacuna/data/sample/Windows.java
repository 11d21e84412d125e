package org.lacuna.data.sample;

import org.lacuna.data.Batch;
import org.lacuna.data.Examples;
import org.lacuna.data.TokenSequence;
import org.lacuna.run.InputException;

/** Consecutive windows of T tokens; each position's target is the token after it, the last one of a window too. */
public final class Windows {
    /** Asks for as many windows, or examples, as there are. */
    public static final int ALL = Integer.MAX_VALUE;

    private Windows() {
    }

    /**
     * The first windows of a sequence, or the first examples, padded, if it is of examples: what models are measured on.
     *
     * @param tokens validation tokens
     * @param count  how many windows, or {@link #ALL}
     * @param length tokens in each (T)
     * @return one batch of {@code count} rows
     * @throws InputException when the sequence holds fewer
     */
    public static Batch first(TokenSequence tokens, int count, int length) {
        return first(tokens, count, length, "validation");
    }

    /**
     * The same of any part of a corpus.
     *
     * @param part what to call the sequence in a message: training, validation
     */
    public static Batch first(TokenSequence tokens, int count, int length, String part) {
        if (tokens instanceof Examples examples) {
            return examples.first(count == ALL ? examples.count() : count, length);
        }
        long available = count(tokens, length, part);
        if (count == ALL) {
            // Inputs and targets, 8 bytes a token, may take a quarter of the heap.
            long most = Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory() / 32);
            if (available * length > most) {
                throw new InputException("all windows: the corpus has " + tokens.length() + " " + part + " tokens, more than the " + most
                        + " that are looked at together; name a number of windows, at most " + most / length + ", or give more memory by -Xmx");
            }
            return first(tokens, (int) available, length, part);
        }
        if (available < count) {
            throw new InputException("the corpus has " + tokens.length() + " " + part + " tokens: " + available
                    + " windows of " + length + " (and a token after each), but " + count
                    + " are asked for; take fewer (--windows all: as many as there are) or shorter windows or a larger corpus");
        }
        int[] inputs = new int[Math.multiplyExact(count, length)];
        int[] targets = new int[inputs.length];
        for (int row = 0; row < count; row++) {
            copy(tokens, (long) row * length, length, row, inputs, targets);
        }
        return new Batch(count, length, inputs, targets);
    }

    /**
     * How many consecutive windows a sequence holds.
     *
     * @param tokens the sequence
     * @param length tokens in a window (T)
     * @param part   what to call the sequence in a message: training, validation
     * @return ⌊(tokens − 1) / T⌋, at least 1
     * @throws InputException when there is none
     */
    public static long count(TokenSequence tokens, int length, String part) {
        if (tokens.length() == 0) {
            throw new InputException("the corpus has 0 " + part + " tokens; data.validationFraction says how many are for what: take "
                    + (part.equals("training") ? "a smaller one" : "a larger one"));
        }
        if (tokens.length() < length + 1L) {
            throw new InputException("the corpus has " + tokens.length() + " " + part + " tokens, fewer than one window of "
                    + length + " and the token after it; take shorter windows or a larger corpus");
        }
        return (tokens.length() - 1) / length;
    }

    static void copy(TokenSequence tokens, long from, int length, int row, int[] inputs, int[] targets) {
        int offset = row * length;
        tokens.copy(from, inputs, offset, length);
        System.arraycopy(inputs, offset + 1, targets, offset, length - 1);
        targets[offset + length - 1] = tokens.at(from + length);
    }
}
