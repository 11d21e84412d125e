package org.lacuna.sparsity.measure;

import java.util.Arrays;

/**
 * A sample of a stream's tokens that depends on nothing but their numbers and the seed: every token has a priority, a bijective hash of its number,
 * and the sample is of those with the smallest. Each set of that many tokens is as good as equally likely, and workers' samples merged are the sample
 * of all.
 */
public final class TokenSample {
    private final int width;
    private final long seed;
    private final float[][] rows;
    private final long[] numbers;
    /** Of each row held, its priority; unordered. */
    private final long[] priorities;
    private int held;
    private long seen;
    /** The row with the largest priority, once all are held. */
    private int last;

    /**
     * Of no token yet.
     *
     * @param wanted how many tokens, at least 1
     * @param width  entries of a token's vector
     * @param seed   equal seeds draw equal tokens
     */
    public TokenSample(int wanted, int width, long seed) {
        if (wanted < 1 || width < 1) {
            throw new IllegalArgumentException("a sample is of at least 1 token of at least 1 entry, not of " + wanted + " of " + width);
        }
        this.width = width;
        this.seed = seed;
        rows = new float[wanted][width];
        numbers = new long[wanted];
        priorities = new long[wanted];
    }

    /**
     * Shows a token, which is copied if it belongs to the sample so far.
     *
     * @param number the token's place among all, each shown once: text · length + place, say
     * @param values its vector is {@code values[0..width)}
     * @throws IllegalArgumentException if a token of that number is held already, or the vector is too short
     */
    public void add(long number, float[] values) {
        if (values.length < width) {
            throw new IllegalArgumentException("token " + number + " has " + values.length + " of " + width + " entries");
        }
        seen++;
        take(number, values);
    }

    private void take(long number, float[] values) {
        long priority = hash(number);
        int row = held < rows.length ? held : last;
        if (held == rows.length && priority > priorities[last]) {
            return;
        }
        for (int i = 0; i < held; i++) {
            if (priorities[i] == priority) {
                throw new IllegalArgumentException("token " + number + " was shown twice");
            }
        }
        System.arraycopy(values, 0, rows[row], 0, width);
        numbers[row] = number;
        priorities[row] = priority;
        held = Math.max(held, row + 1);
        last = 0;
        for (int i = 1; i < held; i++) {
            last = priorities[i] > priorities[last] ? i : last;
        }
    }

    /** SplitMix64's output for the number: different numbers have different hashes (G. L. Steele, D. Lea and C. H. Flood, OOPSLA 2014). */
    private long hash(long number) {
        long z = (number + 1) * 0x9e3779b97f4a7c15L + seed;
        z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }

    /** Takes in what another worker was shown. */
    public void merge(TokenSample other) {
        if (other.width != width || other.seed != seed || other.rows.length != rows.length) {
            throw new IllegalArgumentException("samples of " + rows.length + " tokens of " + width + " entries, seed " + seed + ", and of "
                    + other.rows.length + " of " + other.width + ", seed " + other.seed);
        }
        for (int i = 0; i < other.held; i++) {
            take(other.numbers[i], other.rows[i]);
        }
        seen += other.seen;
    }

    /** How many tokens were shown. */
    public long seen() {
        return seen;
    }

    /** The numbers of the tokens held, rising. */
    public long[] numbers() {
        long[] rising = Arrays.copyOf(numbers, held);
        Arrays.sort(rising);
        return rising;
    }

    /** Copies of the vectors held, in the order of {@link #numbers}: fewer than were wanted only if fewer were shown. */
    public float[][] rows() {
        long[] rising = numbers();
        float[][] ordered = new float[held][];
        for (int i = 0; i < held; i++) {
            ordered[Arrays.binarySearch(rising, numbers[i])] = rows[i].clone();
        }
        return ordered;
    }
}
