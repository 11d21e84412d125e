package org.lacuna.sparsity.rule;

/**
 * How often magnitudes occur, for the threshold that a share of them lies below. Memory doesn't grow with the stream: magnitudes are told apart
 * to 2⁻¹⁰ of their size, so a threshold is off by no more. Adding in another order gives the same.
 */
public final class MagnitudeCounts {
    private static final int SHIFT = 13;
    private final long[] counts = new long[(Magnitudes.INFINITE >>> SHIFT) + 1];
    private long total;

    /**
     * Counts one more.
     *
     * @throws IllegalArgumentException if it is not finite
     */
    public void add(float value) {
        int key = Magnitudes.key(value);
        if (key >= Magnitudes.INFINITE) {
            throw new IllegalArgumentException(value + " has no magnitude");
        }
        counts[key >>> SHIFT]++;
        total++;
    }

    /** How many were counted. */
    public long total() {
        return total;
    }

    /**
     * The threshold θ below which, as nearly as magnitudes are told apart, the share of all lies: what {@code |v| ≥ θ} keeps is 1 − share. 0 for a
     * share of 0; infinite for one of 1. Zeros count as the smallest, so a share of them or less gives the smallest positive float.
     *
     * @param share 0 to 1
     * @throws IllegalArgumentException if it is not, or nothing was counted
     */
    public double threshold(double share) {
        if (!(share >= 0 && share <= 1) || total == 0) {
            throw new IllegalArgumentException("the threshold of a share of " + share + " of " + total);
        }
        if (share == 0) {
            return 0;
        }
        double wanted = share * total;
        long below = 0;
        int bucket = 0;
        while (bucket < counts.length && below + counts[bucket] < wanted) {
            below += counts[bucket++];
        }
        // The edge nearer to the share: before the bucket in which it falls, or behind it.
        if (bucket < counts.length && wanted - below > below + counts[bucket] - wanted) {
            bucket++;
        }
        return share == 1 || bucket >= counts.length ? Double.POSITIVE_INFINITY : Magnitudes.magnitude(Math.max(1, bucket << SHIFT));
    }
}
