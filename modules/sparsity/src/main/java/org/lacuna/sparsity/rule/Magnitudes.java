package org.lacuna.sparsity.rule;

/**
 * Magnitudes as integers. The bits of a float without its sign, its <em>key</em>, order like |v|: 0 is zero, 1 the smallest denormal,
 * {@link #INFINITE} and above is not finite.
 */
final class Magnitudes {
    static final int INFINITE = 0x7f800000;
    private static final int WITHOUT_SIGN = 0x7fffffff;

    private Magnitudes() {
    }

    static int key(float value) {
        return Float.floatToRawIntBits(value) & WITHOUT_SIGN;
    }

    static double magnitude(int key) {
        return Float.intBitsToFloat(key);
    }

    /** The least key, 1 or more, whose magnitude is at least that; {@link #INFINITE} if no float's is. */
    static int leastKey(double magnitude) {
        if (magnitude > Float.MAX_VALUE) {
            return INFINITE;
        }
        float nearest = (float) magnitude;
        return Math.max(key(nearest < magnitude ? Math.nextUp(nearest) : nearest), 1);
    }

    /** The largest key of the row, 0 if it is empty or all zero. Throws {@link NonFiniteException}. */
    static int largestKey(float[] values, int n) {
        int largest = 0;
        for (int i = 0; i < n; i++) {
            int key = key(values[i]);
            // Seldom true, so a predicted branch: Math.max would make each entry wait for the one before.
            if (key > largest) {
                largest = key;
            }
        }
        if (largest >= INFINITE) {
            throw firstNonFinite(values);
        }
        return largest;
    }

    private static NonFiniteException firstNonFinite(float[] values) {
        int i = 0;
        while (key(values[i]) < INFINITE) {
            i++;
        }
        return new NonFiniteException(i, values[i]);
    }

    /** Keeps the entries whose key is at least {@code least}, which is 1 or more. */
    static int keepFrom(float[] values, int n, int least, long[] kept) {
        int count = 0;
        int below = least - 1;
        for (int word = 0, from = 0; from < n; word++, from += 64) {
            int to = Math.min(n, from + 64);
            long bits = 0;
            for (int i = from; i < to; i++) {
                // The sign of (below - key) is set where key >= least; neither is negative, so nothing overflows.
                bits |= (long) (below - key(values[i]) >>> 31) << i;
            }
            kept[word] = bits;
            count += Long.bitCount(bits);
        }
        return count;
    }

    /** Keeps the entries whose key is above {@code edge}, and the first {@code ties} of those that equal it. */
    static int keepFrom(float[] values, int n, int edge, int ties, long[] kept) {
        int count = 0;
        int left = ties;
        for (int word = 0, from = 0; from < n; word++, from += 64) {
            int to = Math.min(n, from + 64);
            long bits = 0;
            for (int i = from; i < to; i++) {
                int key = key(values[i]);
                if (key > edge || key == edge && left-- > 0) {
                    bits |= 1L << i;
                }
            }
            kept[word] = bits;
            count += Long.bitCount(bits);
        }
        return count;
    }
}
