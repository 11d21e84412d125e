package org.lacuna.sparsity.measure;

/**
 * Means over tokens of one number a token, kept by text. A text's values are added by one worker, in order; workers' instances are
 * {@link #merge merged}. The overall sum is that of the texts' sums in the order of texts, whoever added them, so that its bits depend on nothing but
 * the values.
 *
 * <p>A value that is not finite, as a measure gives where it isn't defined, is left out of sums and means, and counted.
 */
public final class TextSums {
    private final double[] sums;
    private final long[] counts;
    private final long[] undefined;

    /** For texts 0 to {@code texts} − 1, at least one. */
    public TextSums(int texts) {
        if (texts < 1) {
            throw new IllegalArgumentException("sums by text need at least 1 text, not " + texts);
        }
        sums = new double[texts];
        counts = new long[texts];
        undefined = new long[texts];
    }

    /** Adds a token's value. */
    public void add(int text, double value) {
        if (Double.isFinite(value)) {
            sums[text] += value;
            counts[text]++;
        } else {
            undefined[text]++;
        }
    }

    /**
     * Takes in what another worker added.
     *
     * @throws IllegalArgumentException if it is of another number of texts, or both have values of the same text
     */
    public void merge(TextSums other) {
        if (other.sums.length != sums.length) {
            throw new IllegalArgumentException("sums of " + sums.length + " texts and of " + other.sums.length);
        }
        for (int text = 0; text < sums.length; text++) {
            if (holds(text) && other.holds(text)) {
                throw new IllegalArgumentException("text " + text + " was added by both; its tokens belong to one worker");
            }
        }
        for (int text = 0; text < sums.length; text++) {
            if (other.holds(text)) {
                sums[text] = other.sums[text];
                counts[text] = other.counts[text];
                undefined[text] = other.undefined[text];
            }
        }
    }

    private boolean holds(int text) {
        return counts[text] + undefined[text] > 0;
    }

    /** How many texts there may be. */
    public int texts() {
        return sums.length;
    }

    /** The sum of a text's values. */
    public double sum(int text) {
        return sums[text];
    }

    /** How many values of a text are in its sum. */
    public long count(int text) {
        return counts[text];
    }

    /** How many values are in the sums of all texts. */
    public long count() {
        return total(counts);
    }

    /** How many values were left out because they were not finite. */
    public long undefined() {
        return total(undefined);
    }

    private static long total(long[] byText) {
        long total = 0;
        for (long of : byText) {
            total += of;
        }
        return total;
    }

    /** The mean over all tokens of all texts; NaN if there is none. */
    public double mean() {
        double sum = 0;
        for (double of : sums) {
            sum += of;
        }
        return sum / count();
    }
}
