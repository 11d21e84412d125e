package org.lacuna.sparsity.rule;

/**
 * Bottom-k, the worst case to hold a rule against: the smallest magnitudes of a row. One parameter, 0 ≤ fraction ≤ 1.
 *
 * <p>Exactly: of the non-zeros by rising |v|, equal ones by rising index, the first ⌊n · fraction + 10⁻⁹⌋ are kept.
 */
final class BottomK implements Rule {
    @Override
    public String name() {
        return "bottom_k";
    }

    @Override
    public int code() {
        return 7;
    }

    @Override
    public int keep(float[] values, int n, double[] parameters, int offset, long[] kept, RowScratch scratch) {
        double fraction = parameters[offset];
        Chosen.check(name(), values, n, fraction, scratch);
        int count = 0;
        for (int i = 0; i < n; i++) {
            if (values[i] != 0) {
                scratch.entries[count++] = KeySort.entry(Magnitudes.INFINITE - Magnitudes.key(values[i]), i);
            }
        }
        return Chosen.keepFirst(scratch, count, n, fraction, kept);
    }
}
