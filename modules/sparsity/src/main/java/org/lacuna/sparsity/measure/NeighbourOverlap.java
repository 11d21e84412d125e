package org.lacuna.sparsity.measure;

/** How much the masks of neighbouring tokens of a text have in common: the mean of {@link Masks#jaccard} over all pairs (t, t + 1) of all texts. */
public final class NeighbourOverlap {
    private final int n;
    private final long[] previous;
    private final TextOrder order;
    private final TextSums sums;

    /**
     * Of no token yet.
     *
     * @param n     entries of a row
     * @param texts how many texts there may be
     */
    public NeighbourOverlap(int n, int texts) {
        this.n = n;
        previous = new long[n + 63 >> 6];
        order = new TextOrder(texts);
        sums = new TextSums(texts);
    }

    /**
     * Adds the next token of a text.
     *
     * @throws IllegalArgumentException if another text came since this one's last token, or the mask is none of n entries
     */
    public void add(int text, long[] mask) {
        Masks.check(mask, n);
        if (!order.begins(text)) {
            sums.add(text, Masks.jaccard(previous, mask, n));
        }
        System.arraycopy(mask, 0, previous, 0, previous.length);
    }

    /** Takes in what another worker added, of other texts. */
    public void merge(NeighbourOverlap other) {
        if (other.n != n) {
            throw new IllegalArgumentException("masks of " + n + " entries and of " + other.n);
        }
        order.merge(other.order);
        sums.merge(other.sums);
    }

    /** The pairs' indices by text. */
    public TextSums sums() {
        return sums;
    }
}
