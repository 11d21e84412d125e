package org.lacuna.sparsity.measure;

/**
 * How much two models' masks have in common on the same tokens: the mean of {@link Masks#jaccard} over all tokens, beside that of
 * {@link Masks#expectedJaccard}, which masks as large would have if they had nothing to do with each other.
 *
 * <p>It compares neuron j of the one with neuron j of the other. Between a model and what was made of its weights (fine-tuned, pruned, with other thresholds) that
 * is the same neuron; between models trained apart it is any two, whose neurons could be renumbered without changing what either computes.
 */
public final class MaskOverlap {
    private final int n;
    private final TextSums overlap;
    private final TextSums expected;
    private long first;
    private long second;

    /**
     * Of no token yet.
     *
     * @param n     entries of a row, at least 1
     * @param texts how many texts there may be
     */
    public MaskOverlap(int n, int texts) {
        if (n < 1) {
            throw new IllegalArgumentException("masks have at least 1 entry, not " + n);
        }
        this.n = n;
        overlap = new TextSums(texts);
        expected = new TextSums(texts);
    }

    /**
     * Adds a token of a text by the masks that the two models have for it.
     *
     * @throws IllegalArgumentException if one is none of n entries
     */
    public void add(int text, long[] one, long[] other) {
        Masks.check(one, n);
        Masks.check(other, n);
        int ones = Masks.count(one, n);
        int others = Masks.count(other, n);
        overlap.add(text, Masks.jaccard(one, other, n));
        expected.add(text, Masks.expectedJaccard(n, ones, others));
        first += ones;
        second += others;
    }

    /** Jaccard's index by text. */
    public TextSums overlap() {
        return overlap;
    }

    /** What is expected of it by chance, by text. */
    public TextSums expected() {
        return expected;
    }

    /** The share of entries set in the first model's masks; NaN without a token. */
    public double firstDensity() {
        return first / ((double) n * overlap.count());
    }

    /** The same of the second's. */
    public double secondDensity() {
        return second / ((double) n * overlap.count());
    }
}
