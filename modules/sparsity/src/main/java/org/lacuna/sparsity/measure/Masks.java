package org.lacuna.sparsity.measure;

/** What two masks have in common. */
public final class Masks {
    /** A share of the likeliest weight that changes no digit. */
    private static final double NOTHING = 1e-20;

    private Masks() {
    }

    /**
     * Jaccard's index: entries in both masks over entries in either. 1 where both are empty, which are equal. Of
     * neighbouring tokens, say, or of two models with equally many neurons on the same token.
     *
     * @param n entries of the row
     * @throws IllegalArgumentException if a mask is too short for it, or has bits beyond it
     */
    public static double jaccard(long[] first, long[] second, int n) {
        check(first, n);
        check(second, n);
        int both = 0;
        int either = 0;
        for (int word = 0; word < n + 63 >> 6; word++) {
            both += Long.bitCount(first[word] & second[word]);
            either += Long.bitCount(first[word] | second[word]);
        }
        return either == 0 ? 1 : both / (double) either;
    }

    /**
     * What {@link #jaccard} is on average where one of the two masks is drawn at random among all with as many entries: the mean of x / (first + second − x),
     * x entries in both being hypergeometric. That of the means, ab / (a + b − ab) for shares a and b, is less, by much where few entries are set.
     *
     * @param n      entries of the row
     * @param first  entries set in the one mask
     * @param second in the other
     * @return in [0, 1]; 1 where both are empty
     * @throws IllegalArgumentException if a mask has fewer than 0 or more than n entries set
     */
    public static double expectedJaccard(int n, int first, int second) {
        if (first < 0 || second < 0 || first > n || second > n) {
            throw new IllegalArgumentException("masks with " + first + " and " + second + " of " + n + " entries set");
        }
        if (first + second == 0) {
            return 1;
        }
        int least = (int) Math.max(0L, (long) first + second - n);
        int most = Math.min(first, second);
        // Weights relative to the likeliest x, from there downwards and upwards until they are nothing beside it.
        int mode = (int) Math.min(most, Math.max(least, (first + 1L) * (second + 1L) / (n + 2L)));
        double weights = 1;
        double sum = mode / ((double) first + second - mode);
        double weight = 1;
        for (int x = mode; x > least && weight > NOTHING; x--) {
            weight *= x * (n - first - second + (double) x) / ((first - x + 1.0) * (second - x + 1.0));
            weights += weight;
            sum += weight * ((x - 1) / (first + second - x + 1.0));
        }
        weight = 1;
        for (int x = mode; x < most && weight > NOTHING; x++) {
            weight *= (first - x) * (double) (second - x) / ((x + 1.0) * (n - first - second + x + 1.0));
            weights += weight;
            sum += weight * ((x + 1) / (first + second - x - 1.0));
        }
        return sum / weights;
    }

    /** How many entries of a row are set in a mask. */
    static int count(long[] mask, int n) {
        int set = 0;
        for (int word = 0; word < n + 63 >> 6; word++) {
            set += Long.bitCount(mask[word]);
        }
        return set;
    }

    static void check(long[] mask, int n) {
        int words = n + 63 >> 6;
        if (mask.length < words || (n & 63) != 0 && mask[words - 1] >>> n != 0) {
            throw new IllegalArgumentException("a mask of " + n + " entries has " + words + " words and no bit beyond; this one has " + mask.length
                    + (mask.length < words ? "" : " and some bits"));
        }
    }
}
