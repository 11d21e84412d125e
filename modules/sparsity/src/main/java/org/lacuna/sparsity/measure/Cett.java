package org.lacuna.sparsity.measure;

import org.lacuna.sparsity.rule.NonFiniteException;

/**
 * The cumulative error of tail truncation: what leaving out neurons does to a feed-forward block's output, before anything else of the model sees it
 * (Sparsing Law, arXiv 2411.02335).
 *
 * <pre>
 * CETT = ‖Σ_{j left out} i_j W[:, j]‖₂ / ‖Σ_j i_j W[:, j]‖₂
 * </pre>
 *
 * <p>with the intermediate vector i and the down projection W. A bias of the projection is not among the neurons and counted on neither side.
 * A layer's is the mean over tokens, such as {@link TextSums} takes.
 */
public final class Cett {
    private Cett() {
    }

    /**
     * Of one token. Sums are in double; time grows with d times the non-zero neurons; nothing is allocated.
     *
     * @param intermediate what the down projection reads, {@code intermediate[0..f)}
     * @param f            neurons, at least 1
     * @param kept         mask of the neurons that are kept, {@code (f + 63) / 64} words
     * @param down         the down projection [d][f] by rows: {@code down[r * f + j]} is what neuron j adds to output r
     * @param d            outputs, at least 1
     * @param scratch      of at least f; overwritten
     * @return 0 or more: 0 if nothing left out was non-zero, 1 if everything was; it may exceed 1, where what is kept would have cancelled what is
     *         not. 0 too where neither sum has length, infinite where only the whole output is 0
     * @throws NonFiniteException       if an entry of the vector is NaN or infinite
     * @throws IllegalArgumentException if sizes do not fit, or a weight is not finite
     */
    public static double of(float[] intermediate, int f, long[] kept, float[] down, int d, int[] scratch) {
        if (f < 1 || d < 1 || f > intermediate.length || f > scratch.length || (long) d * f != down.length) {
            throw new IllegalArgumentException(f + " neurons and " + d + " outputs, in a vector of " + intermediate.length + ", a scratch of "
                    + scratch.length + " and a projection of " + down.length + " weights");
        }
        Masks.check(kept, f);
        int lost = 0;
        int others = f;
        // Neurons left out from the front, kept ones from the back; zeros add nothing to either.
        for (int j = 0; j < f; j++) {
            if (!Float.isFinite(intermediate[j])) {
                throw new NonFiniteException(j, intermediate[j]);
            }
            if (intermediate[j] != 0) {
                boolean isKept = (kept[j >> 6] & 1L << j) != 0;
                scratch[isKept ? --others : lost++] = j;
            }
        }
        double error = 0;
        double output = 0;
        for (int r = 0; r < d; r++) {
            double part = sum(intermediate, down, r * f, scratch, 0, lost);
            double rest = sum(intermediate, down, r * f, scratch, others, f);
            error += part * part;
            output += (part + rest) * (part + rest);
        }
        if (!Double.isFinite(output)) {
            throw new IllegalArgumentException("the output of the down projection has the squared length " + output + ": a weight isn't finite");
        }
        return error == 0 ? 0 : Math.sqrt(error / output);
    }

    private static double sum(float[] intermediate, float[] down, int row, int[] neurons, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += (double) intermediate[neurons[i]] * down[row + neurons[i]];
        }
        return sum;
    }
}
