package org.lacuna.data;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.lacuna.run.InputException;

/**
 * Examples to be learned each by itself, some of whose tokens are scored. As a sequence of tokens they stand one after the other.
 *
 * <p>A batch holds one example in a row: its tokens but the last are the inputs, each position's target is the token after it where that one is
 * scored, and what is left of the row is {@link #padding} that is not scored. Attention is causal, so no position that counts sees padding.
 */
public final class Examples implements TokenSequence {
    /** Set in a token that is scored. */
    public static final int SCORED = 1 << 31;

    private static final int TOLD = 3;

    private final List<int[]> tokens;
    private final List<String> places;
    private final int padding;
    /** Where each example begins in the sequence, and the sequence's length. */
    private final long[] starts;

    /**
     * Checks the examples.
     *
     * @param tokens  of each example, at least 2, the last scored; those that are scored with {@link #SCORED} set. Nobody changes them
     * @param places  what a message calls each
     * @param padding the id that fills rows up
     */
    public Examples(List<int[]> tokens, List<String> places, int padding) {
        if (places.size() != tokens.size()) {
            throw new IllegalArgumentException(tokens.size() + " examples at " + places.size() + " places");
        }
        this.tokens = List.copyOf(tokens);
        this.places = List.copyOf(places);
        this.padding = padding;
        starts = new long[tokens.size() + 1];
        for (int i = 0; i < tokens.size(); i++) {
            int[] ids = tokens.get(i);
            if (ids.length < 2 || ids[ids.length - 1] >= 0) {
                throw new IllegalArgumentException(places.get(i) + ": an example without a scored token at its end");
            }
            starts[i + 1] = starts[i] + ids.length;
        }
    }

    /**
     * How many examples there are.
     *
     * @return 0 or more
     */
    public int count() {
        return tokens.size();
    }

    /**
     * The first examples: what a model is measured on.
     *
     * @param count  how many
     * @param length positions in a row
     * @return one batch of {@code count} rows
     * @throws InputException when there are fewer, or any of all examples is longer
     */
    public Batch first(int count, int length) {
        if (count > count()) {
            throw new InputException("there are " + count() + " validation examples, but " + count
                    + " are asked for; take fewer, a larger data.validationFraction or more data");
        }
        checkLength(length);
        int[] inputs = new int[Math.multiplyExact(count, length)];
        int[] targets = new int[inputs.length];
        for (int row = 0; row < count; row++) {
            copy(row, row, length, inputs, targets);
        }
        return new Batch(count, length, inputs, targets);
    }

    /**
     * Refuses examples that don't fit a row.
     *
     * @param length positions in a row
     * @throws InputException naming how many there are and the first of them
     */
    public void checkLength(int length) {
        StringBuilder first = new StringBuilder();
        int longer = 0;
        int longest = 0;
        for (int i = 0; i < count(); i++) {
            int positions = tokens.get(i).length - 1;
            longest = Math.max(longest, positions);
            if (positions > length && longer++ < TOLD) {
                first.append(longer > 1 ? ", " : "").append(places.get(i)).append(" (").append(positions).append(')');
            }
        }
        if (longer > 0) {
            throw new InputException(longer + " of " + count() + " examples are longer than " + length + " tokens: " + first + (longer > TOLD ? ", …" : "")
                    + "; take a window of " + longest + ", or shorten or remove them");
        }
    }

    /**
     * Puts an example into a row of a batch.
     *
     * @param example which
     * @param row     the row
     * @param length  positions in a row, at least the example's tokens − 1
     * @param inputs  of the batch, row-major
     * @param targets of the batch, row-major
     */
    public void copy(int example, int row, int length, int[] inputs, int[] targets) {
        int[] ids = tokens.get(example);
        int offset = row * length;
        Arrays.fill(inputs, offset, offset + length, padding);
        Arrays.fill(targets, offset, offset + length, Batch.NOT_SCORED);
        for (int i = 0; i + 1 < ids.length; i++) {
            inputs[offset + i] = ids[i] & ~SCORED;
            targets[offset + i] = ids[i + 1] < 0 ? ids[i + 1] & ~SCORED : Batch.NOT_SCORED;
        }
    }

    @Override
    public long length() {
        return starts[count()];
    }

    @Override
    public int at(long index) {
        Objects.checkIndex(index, length());
        int example = Arrays.binarySearch(starts, index);
        example = example < 0 ? -example - 2 : example;
        return tokens.get(example)[(int) (index - starts[example])] & ~SCORED;
    }

    @Override
    public void copy(long from, int[] into, int offset, int count) {
        Objects.checkFromIndexSize(from, (long) count, length());
        Objects.checkFromIndexSize(offset, count, into.length);
        for (int i = 0; i < count; i++) {
            into[offset + i] = at(from + i);
        }
    }
}
