package org.lacuna.eval.robustness;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.lacuna.data.Batch;

/**
 * Texts that go through a model side by side, each scored on its own: one in a row, or several that begin alike.
 *
 * @param batch   the shorter rows padded on the right with any token and {@link Batch#NOT_SCORED}; the arrays belong to it
 * @param lengths tokens of each row, at least 1
 * @param texts   row after row, at least one in each
 */
public record Sequences(Batch batch, int[] lengths, List<Text> texts) {
    /**
     * Where a text is: the first tokens of a row, which others may begin with too, and then some behind them. It is scored in the latter alone.
     *
     * @param trunk how many tokens of the row it begins with; 0 if it shares none
     * @param from  where in the row the others begin, at least {@code trunk}
     * @param to    where they end
     */
    public record Text(int row, int trunk, int from, int to) {
        /** Its tokens. */
        int length() {
            return trunk + to - from;
        }

        /** The position in the text of the row's token {@code t}, one of its own. */
        int position(int t) {
            return trunk + t - from;
        }
    }

    /** Checks the lengths. */
    public Sequences {
        if (lengths.length != batch.rows() || Arrays.stream(lengths).anyMatch(length -> length < 1 || length > batch.length())) {
            throw new IllegalArgumentException("lengths " + Arrays.toString(lengths) + " of a batch of " + batch.rows() + " × " + batch.length());
        }
        texts = List.copyOf(texts);
        for (Text text : texts) {
            if (text.trunk > text.from || text.from >= text.to || text.to > lengths[text.row]) {
                throw new IllegalArgumentException(text + " in a row of " + lengths[text.row] + " tokens");
            }
        }
    }

    /** A text in each row. */
    public Sequences(Batch batch, int[] lengths) {
        this(batch, lengths, IntStream.range(0, lengths.length).mapToObj(row -> new Text(row, 0, 0, lengths[row])).toList());
    }

    /** Rows without padding. */
    public static Sequences whole(Batch batch) {
        int[] lengths = new int[batch.rows()];
        Arrays.fill(lengths, batch.length());
        return new Sequences(batch, lengths);
    }

    /** How many rows. */
    public int rows() {
        return batch.rows();
    }

    /** Tokens of a row, padding among them. */
    public int length() {
        return batch.length();
    }

    /** Whether texts share what they begin with. */
    boolean branch() {
        return texts.stream().anyMatch(text -> text.trunk > 0);
    }

    /** Of each row its texts' places in {@link #texts}. */
    List<List<Integer>> textsOfRows() {
        List<List<Integer>> of = new ArrayList<>();
        for (int row = 0; row < rows(); row++) {
            of.add(new ArrayList<>());
        }
        for (int i = 0; i < texts.size(); i++) {
            of.get(texts.get(i).row).add(i);
        }
        return of;
    }

    /** The first position of a text whose next token is scored, the text's length if none is. */
    int firstScored(Text text) {
        int t = text.from;
        while (t < text.to && batch.targets()[text.row * batch.length() + t] == Batch.NOT_SCORED) {
            t++;
        }
        return text.position(t);
    }
}
