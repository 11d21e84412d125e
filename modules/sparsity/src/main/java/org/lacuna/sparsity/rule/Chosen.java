package org.lacuna.sparsity.rule;

import java.util.Arrays;

/** Keeps a share of a row's non-zeros by the order of keys other than their magnitudes: what the controls have in common. */
final class Chosen {
    private static final double ROUNDING = 1e-9;

    private Chosen() {
    }

    /** Checks the row and the fraction. */
    static void check(String rule, float[] values, int n, double fraction, RowScratch scratch) {
        if (!(fraction >= 0 && fraction <= 1)) {
            throw new IllegalArgumentException(rule + " needs a fraction from 0 (keeps nothing) to 1 (keeps every non-zero), not " + fraction);
        }
        scratch.checkHolds(n);
        Magnitudes.largestKey(values, n);
    }

    /** Keeps the first ⌊n · fraction + 10⁻⁹⌋ of the scratch's {@code count} entries by falling key, equal ones by rising index. */
    static int keepFirst(RowScratch scratch, int count, int n, double fraction, long[] kept) {
        scratch.sort.sort(scratch.entries, count);
        Arrays.fill(kept, 0, n + 63 >> 6, 0);
        int taken = Math.min(count, (int) (n * fraction + ROUNDING));
        for (int k = 0; k < taken; k++) {
            int index = KeySort.index(scratch.entries[k]);
            kept[index >> 6] |= 1L << index;
        }
        return taken;
    }
}
