package org.lacuna.sparsity.measure;

import java.util.Arrays;
import java.util.List;

/**
 * The share of neurons that are 0 for all tokens of a chunk: what may be left out if k tokens are computed together, as in a batch or speculative
 * decoding. A text is cut into chunks of k tokens from its beginning; the fewer than k at its end are left out, and counted. Averaged over chunks.
 * Whole numbers by text, so the order of merging does not matter.
 *
 * <p>For a batch of k sequences that are decoded side by side, take the batch for a text, whose tokens are those of the first position, sequence by
 * sequence, then those of the next: a chunk of k is then a position of the batch.
 */
public final class UnionSparsity {
    /** Sizes of chunks that are looked at unless others are asked for. */
    public static final List<Integer> SIZES = List.of(1, 2, 4, 8, 16, 64);

    private final int n;
    private final List<Integer> sizes;
    private final TextOrder order;
    /** For each size, the union of the chunk that is being filled. */
    private final long[][] union;
    private final int[] filled;
    private final long[][] active;
    private final long[] tokens;

    /**
     * Of no token yet.
     *
     * @param n     neurons, at least 1
     * @param sizes tokens of a chunk, each at least 1
     * @param texts how many texts there may be
     */
    public UnionSparsity(int n, List<Integer> sizes, int texts) {
        if (n < 1 || sizes.stream().anyMatch(size -> size < 1)) {
            throw new IllegalArgumentException("neurons and chunks are 1 or more, not " + n + " and " + sizes);
        }
        this.n = n;
        this.sizes = List.copyOf(sizes);
        order = new TextOrder(texts);
        union = new long[sizes.size()][n + 63 >> 6];
        filled = new int[sizes.size()];
        active = new long[sizes.size()][texts];
        tokens = new long[texts];
    }

    /**
     * Adds the next token of a text by the mask of its non-zero neurons.
     *
     * @throws IllegalArgumentException if another text came since this one's last token, or the mask is none of n entries
     */
    public void add(int text, long[] mask) {
        Masks.check(mask, n);
        if (order.begins(text)) {
            Arrays.fill(filled, 0);
            for (long[] words : union) {
                Arrays.fill(words, 0);
            }
        }
        tokens[text]++;
        for (int s = 0; s < filled.length; s++) {
            long[] words = union[s];
            for (int word = 0; word < words.length; word++) {
                words[word] |= mask[word];
            }
            if (++filled[s] == sizes.get(s)) {
                for (int word = 0; word < words.length; word++) {
                    active[s][text] += Long.bitCount(words[word]);
                    words[word] = 0;
                }
                filled[s] = 0;
            }
        }
    }

    /** Takes in what another worker added, of other texts. */
    public void merge(UnionSparsity other) {
        if (other.n != n || !other.sizes.equals(sizes)) {
            throw new IllegalArgumentException("chunks of " + sizes + " of " + n + " neurons, and of " + other.sizes + " of " + other.n);
        }
        order.merge(other.order);
        for (int text = 0; text < tokens.length; text++) {
            tokens[text] += other.tokens[text];
            for (int s = 0; s < active.length; s++) {
                active[s][text] += other.active[s][text];
            }
        }
    }

    /** What was found for each size, in the order asked for. */
    public List<Chunks> chunks() {
        return sizes.stream().map(size -> {
            long activeInAll = Arrays.stream(active[sizes.indexOf(size)]).sum();
            long whole = Arrays.stream(tokens).map(of -> of / size).sum();
            long left = Arrays.stream(tokens).map(of -> of % size).sum();
            return new Chunks(size, n, whole, activeInAll, left);
        }).toList();
    }

    /**
     * All chunks of a size.
     *
     * @param size    tokens of a chunk
     * @param neurons of a token
     * @param chunks  how many whole ones there are
     * @param active  summed over chunks, the neurons that are non-zero for at least one of the chunk's tokens
     * @param leftOut tokens at the ends of texts that make no whole chunk
     */
    public record Chunks(int size, int neurons, long chunks, long active, long leftOut) {
        /** The share of neurons that are 0 for all tokens of a chunk, averaged over chunks; NaN if no text was as long as a chunk. */
        public double sparsity() {
            return chunks == 0 ? Double.NaN : 1 - active / ((double) chunks * neurons);
        }
    }
}
