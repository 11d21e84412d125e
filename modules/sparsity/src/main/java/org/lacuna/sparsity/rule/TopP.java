package org.lacuna.sparsity.rule;

import java.util.Arrays;

/**
 * Top-p: the fewest largest magnitudes that hold the share p of the row's L1 mass (arXiv 2509.00454). One parameter, p ≥ 0.
 *
 * <p>Exactly: take the entries by falling |v|, equal ones by rising index; add up their |v| in that order, one by one, in double; let
 * {@code total} be the sum of all. An entry is kept while the sum before it is below {@code p * total}, one double product. p ≥ 1 keeps
 * every non-zero, p = 0 keeps nothing, zeros are never kept.
 *
 * <p>The result is that of sorting the whole row, yet only a few entries are sorted. Entries are summed into buckets by the top bits of
 * their magnitude, rank 0 holding the largest. A float is a whole number of <em>units</em>, the weight of its last bit, and a double
 * holds every whole number of units up to 2^53: as long as the sum stays below that in units of the bucket at hand, every addition, in any
 * order, is exact. Down to there, bucket sums give the running sum of the sorted row to the last bit. Sorted and added one by one
 * are only the bucket in which the sum reaches p · total, and the entries so small beside the sum that adding them rounds.
 */
final class TopP implements Rule {
    /** A bucket is named by the bits of its keys above these: 8 buckets to a power of two. */
    private static final int SHIFT = 20;
    private static final int SIGNIFICAND_BITS = 23;
    static final int BUCKETS = 256;
    /** Takes all that ranks lower, from 2^-31 of the largest magnitude down: always too small for an exact sum. */
    private static final int LAST = BUCKETS - 1;

    @Override
    public String name() {
        return "top_p";
    }

    @Override
    public int code() {
        return 1;
    }

    @Override
    public int keep(float[] values, int n, double[] parameters, int offset, long[] kept, RowScratch scratch) {
        double p = parameters[offset];
        checkShare(p);
        scratch.checkHolds(n);
        int largest = Magnitudes.largestKey(values, n);
        if (p >= 1) {
            return Magnitudes.keepFrom(values, n, 1, kept);
        }
        int top = largest >>> SHIFT;
        long[] units = scratch.units;
        countUnits(values, n, top, units);

        int lowest = LAST;
        while (lowest > 0 && units[lowest] == 0) {
            lowest--;
        }
        // Ranks below this one are summed exactly; the first that can't be, and all after it, are sorted.
        int exact = 0;
        double exactTotal = 0;
        while (exact <= lowest && exact < LAST) {
            double unit = unit(top - exact);
            double next = exactTotal + units[exact] * unit;
            if (next >= 0x1p53 * unit) {
                break;
            }
            exactTotal = next;
            exact++;
        }
        long[] entries = scratch.entries;
        int sorted = 0;
        double total = exactTotal;
        if (exact <= lowest) {
            sorted = scratch.sorted(values, n, 1, largestKey(top - exact));
            for (int i = 0; i < sorted; i++) {
                total += Magnitudes.magnitude(KeySort.key(entries[i]));
            }
        }

        double target = p * total;
        if (!(target > 0)) {
            Arrays.fill(kept, 0, n + 63 >> 6, 0);
            return 0;
        }
        double sum = exactTotal;
        if (target <= exactTotal) {
            int rank = 0;
            sum = 0;
            double next = units[0] * unit(top);
            while (next < target) {
                sum = next;
                rank++;
                next = sum + units[rank] * unit(top - rank);
            }
            sorted = scratch.sorted(values, n, Math.max(top - rank << SHIFT, 1), largestKey(top - rank));
        }
        int taken = 0;
        while (taken < sorted && sum < target) {
            sum += Magnitudes.magnitude(KeySort.key(entries[taken++]));
        }
        int edge = KeySort.key(entries[taken - 1]);
        if (taken == sorted || KeySort.key(entries[taken]) != edge) {
            return Magnitudes.keepFrom(values, n, edge, kept);
        }
        int ties = 1;
        while (ties < taken && KeySort.key(entries[taken - 1 - ties]) == edge) {
            ties++;
        }
        return Magnitudes.keepFrom(values, n, edge, ties, kept);
    }

    static void checkShare(double p) {
        if (!(p >= 0)) {
            throw new IllegalArgumentException("top_p needs p >= 0 (1 or more keeps every non-zero), not " + p);
        }
    }

    /** The mass of each bucket in whole units of it: below 2^53, since a row has fewer than 2^29 entries. */
    private static void countUnits(float[] values, int n, int top, long[] units) {
        Arrays.fill(units, 0);
        for (int i = 0; i < n; i++) {
            int key = Magnitudes.key(values[i]);
            int fraction = key & (1 << SIGNIFICAND_BITS) - 1;
            int leading = key >= 1 << SIGNIFICAND_BITS ? 1 << SIGNIFICAND_BITS : 0;
            units[Math.min(top - (key >>> SHIFT), LAST)] += fraction | leading;
        }
    }

    /** The weight of the last bit of the floats in a bucket: 2^(exponent - 150), where denormals count as exponent 1. */
    private static double unit(int bucket) {
        int exponent = Math.max(bucket >> SIGNIFICAND_BITS - SHIFT, 1);
        return Double.longBitsToDouble((long) (exponent - 150 + 1023) << 52);
    }

    private static int largestKey(int bucket) {
        return (bucket + 1 << SHIFT) - 1;
    }
}
