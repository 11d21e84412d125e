package org.lacuna.sparsity.measure;

import java.util.SplittableRandom;
import org.lacuna.sparsity.rule.RowScratch;
import org.lacuna.sparsity.rule.Rules;

/** Rows that tests of this package draw. */
final class Rows {
    private Rows() {
    }

    static double gaussian(SplittableRandom random) {
        return Math.sqrt(-2 * Math.log(1 - random.nextDouble())) * Math.cos(2 * Math.PI * random.nextDouble());
    }

    static float[] normal(SplittableRandom random, int n) {
        float[] row = new float[n];
        for (int i = 0; i < n; i++) {
            row[i] = (float) gaussian(random);
        }
        return row;
    }

    /** Two of three are zeros, but never all. */
    static float[] sparse(SplittableRandom random, int n) {
        float[] row = normal(random, n);
        for (int i = 1; i < n; i++) {
            row[i] = random.nextInt(3) == 0 ? row[i] : 0;
        }
        return row;
    }

    static float[] magnitudes(float[] row) {
        float[] magnitudes = row.clone();
        for (int i = 0; i < row.length; i++) {
            magnitudes[i] = Math.abs(row[i]);
        }
        return magnitudes;
    }

    /** The mask of non-zeros. */
    static long[] mask(float... row) {
        long[] mask = new long[(row.length + 63) / 64];
        Rules.byName("none").keep(row, row.length, new double[0], 0, mask, new RowScratch(row.length));
        return mask;
    }
}
