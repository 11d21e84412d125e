package org.lacuna.sparsity.measure;

/** What two masks have in common. */
public final class Masks {
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

    static void check(long[] mask, int n) {
        int words = n + 63 >> 6;
        if (mask.length < words || (n & 63) != 0 && mask[words - 1] >>> n != 0) {
            throw new IllegalArgumentException("a mask of " + n + " entries has " + words + " words and no bit beyond; this one has " + mask.length
                    + (mask.length < words ? "" : " and some bits"));
        }
    }
}
