package org.lacuna.sparsity.rule;

import java.util.Arrays;
import org.apache.commons.numbers.gamma.InverseErfc;

/**
 * Statistical top-k: keeps what lies above the threshold that would keep the share {@code fraction} of the row, were it normal (Spark
 * Transformer, arXiv 2506.06644). One parameter, 0 ≤ fraction ≤ 1; the paper's is k / d.
 *
 * <pre>
 * keep v_j where v_j &gt; θ,   θ = mean(v) + std(v) · Φ⁻¹(1 − fraction)
 * </pre>
 *
 * <p>Exactly: mean and std are of the whole row, zeros among it, added up by rising index in double; std is the population's (divided by n, not
 * n − 1). The comparison is signed, as in the paper, where the row is what goes into an activation: a large negative value is not kept, and a
 * negative one above θ is. The paper goes on with v_j − θ; a rule keeps v_j as it is. Zeros are never kept. Fraction 0 keeps nothing, 1 every
 * non-zero. A constant row, one of a single entry too, has std 0 and no entry above its mean, so that any fraction below 1 keeps nothing of it.
 */
final class StatTopK implements Rule {
    private static final double SQRT_2 = Math.sqrt(2);

    @Override
    public String name() {
        return "stat_top_k";
    }

    @Override
    public int code() {
        return 2;
    }

    @Override
    public int keep(float[] values, int n, double[] parameters, int offset, long[] kept, RowScratch scratch) {
        double fraction = parameters[offset];
        if (!(fraction >= 0 && fraction <= 1)) {
            throw new IllegalArgumentException("stat_top_k needs a fraction from 0 (keeps nothing) to 1 (keeps every non-zero), not " + fraction);
        }
        scratch.checkHolds(n);
        Magnitudes.largestKey(values, n);
        if (fraction == 1) {
            return Magnitudes.keepFrom(values, n, 1, kept);
        }
        if (fraction == 0 || n == 0) {
            Arrays.fill(kept, 0, n + 63 >> 6, 0);
            return 0;
        }
        return keepAbove(threshold(values, n, fraction), values, n, kept);
    }

    private static double threshold(float[] values, int n, double fraction) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += values[i];
        }
        double mean = sum / n; // of equal values it is that value: their sum is exact
        double squares = 0;
        for (int i = 0; i < n; i++) {
            double off = values[i] - mean;
            squares += off * off;
        }
        return mean + Math.sqrt(squares / n) * upperQuantile(fraction);
    }

    /** Φ⁻¹(1 − share) for 0 &lt; share &lt; 1, without the difference, which would lose digits of small shares. */
    static double upperQuantile(double share) {
        return SQRT_2 * InverseErfc.value(2 * share);
    }

    private static int keepAbove(double threshold, float[] values, int n, long[] kept) {
        int count = 0;
        for (int word = 0, from = 0; from < n; word++, from += 64) {
            int to = Math.min(n, from + 64);
            long bits = 0;
            for (int i = from; i < to; i++) {
                if (values[i] > threshold && values[i] != 0) {
                    bits |= 1L << i;
                }
            }
            kept[word] = bits;
            count += Long.bitCount(bits);
        }
        return count;
    }
}
