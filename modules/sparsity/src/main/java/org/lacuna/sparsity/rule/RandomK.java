package org.lacuna.sparsity.rule;

/**
 * As many entries as top-k keeps, but any: a control at matched sparsity. One parameter, 0 ≤ fraction ≤ 1.
 *
 * <p>Exactly: of the non-zeros in an order that a hash of the row's bits and the entry's index makes, the first ⌊n · fraction + 10⁻⁹⌋ are kept. So
 * the choice differs from row to row, is the same for an equal row, and for a smaller fraction is a part of that for a larger one. The hash
 * is SplitMix64's finaliser (Steele, Lea and Flood 2014).
 */
final class RandomK implements Rule {
    @Override
    public String name() {
        return "random_k";
    }

    @Override
    public int code() {
        return 8;
    }

    @Override
    public int keep(float[] values, int n, double[] parameters, int offset, long[] kept, RowScratch scratch) {
        double fraction = parameters[offset];
        Chosen.check(name(), values, n, fraction, scratch);
        long row = n;
        for (int i = 0; i < n; i++) {
            row = row * 31 + Float.floatToRawIntBits(values[i]);
        }
        long seed = mix(row);
        int count = 0;
        for (int i = 0; i < n; i++) {
            if (values[i] != 0) {
                scratch.entries[count++] = KeySort.entry((int) (mix(seed + i * 0x9e3779b97f4a7c15L) >>> 33), i);
            }
        }
        return Chosen.keepFirst(scratch, count, n, fraction, kept);
    }

    private static long mix(long z) {
        long x = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        x = (x ^ x >>> 27) * 0x94d049bb133111ebL;
        return x ^ x >>> 31;
    }
}
