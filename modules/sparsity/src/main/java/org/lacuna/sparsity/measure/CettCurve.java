package org.lacuna.sparsity.measure;

import java.util.Arrays;
import org.lacuna.sparsity.rule.NonFiniteException;

/**
 * A layer's {@link Cett} by the threshold below which contributions are left out, and the threshold of a wanted CETT (Sparsing Law, arXiv
 * 2411.02335):
 *
 * <pre>
 * score of neuron j:  |i_j| · ‖W[:, j]‖₂        left out where it is below the threshold, or 0
 * </pre>
 *
 * <p>Scores are products of floats, and the rule {@code threshold} on the vector times {@link #norms} keeps what is kept here, to the last bit. Each
 * token's errors are summed once, in double, neurons by rising score; looking at a threshold is then a search in sorted scores. Held for a token: 12
 * bytes for each non-zero neuron.
 *
 * <p>Tokens may be set from several threads, each token by one; means are taken in the order of their numbers, so that who set them changes no bit.
 * A token whose neurons cancel to an output of 0 has an infinite error once any of them is left out, and so has the mean.
 */
public final class CettCurve {
    private final float[] down;
    private final float[] norms;
    private final int d;
    /** By token: scores of its non-zero neurons, rising. */
    private final float[][] scores;
    /** By token: the error when the k smallest are left out, k from 0 to their number. */
    private final double[][] errors;

    /**
     * Of tokens yet to be set.
     *
     * @param tokens how many, at least 1
     * @param down   the down projection [d][f] by rows; kept, not copied
     * @param d      outputs, at least 1
     * @param f      neurons, at least 1
     * @throws IllegalArgumentException if sizes do not fit, or the norm of a column is not a finite float
     */
    public CettCurve(int tokens, float[] down, int d, int f) {
        if (tokens < 1 || d < 1 || f < 1 || (long) d * f != down.length) {
            throw new IllegalArgumentException(tokens + " tokens, " + f + " neurons and " + d + " outputs, with a projection of " + down.length
                    + " weights");
        }
        this.down = down;
        this.d = d;
        double[] squares = new double[f];
        for (int at = 0; at < down.length; at++) {
            squares[at % f] += (double) down[at] * down[at];
        }
        norms = new float[f];
        for (int j = 0; j < f; j++) {
            norms[j] = (float) Math.sqrt(squares[j]);
            if (!Float.isFinite(norms[j])) {
                throw new IllegalArgumentException("column " + j + " of the down projection has the norm " + norms[j]);
            }
        }
        scores = new float[tokens][];
        errors = new double[tokens][];
    }

    /** ‖W[:, j]‖₂ of each neuron, rounded to float: a copy. */
    public float[] norms() {
        return norms.clone();
    }

    /**
     * Looks at one token; time grows with d times its non-zero neurons.
     *
     * @param token        its number, from 0
     * @param intermediate what the down projection reads, f entries
     * @throws NonFiniteException       if one of them, or its score, is NaN or infinite
     * @throws IllegalArgumentException if there are not f of them
     */
    public void set(int token, float[] intermediate) {
        int f = norms.length;
        if (intermediate.length != f) {
            throw new IllegalArgumentException("token " + token + " has " + intermediate.length + " entries, the down projection " + f + " columns");
        }
        long[] entries = new long[f];
        int active = 0;
        for (int j = 0; j < f; j++) {
            float score = Math.abs(intermediate[j]) * norms[j];
            if (!Float.isFinite(intermediate[j]) || !Float.isFinite(score)) {
                throw new NonFiniteException(j, Float.isFinite(intermediate[j]) ? score : intermediate[j]);
            }
            if (intermediate[j] != 0) {
                // Bits of floats that are not negative order as the floats do; equal scores by neuron.
                entries[active++] = (long) Float.floatToRawIntBits(score) << Integer.SIZE | j;
            }
        }
        Arrays.sort(entries, 0, active);
        float[] rising = new float[active];
        for (int k = 0; k < active; k++) {
            rising[k] = Float.intBitsToFloat((int) (entries[k] >>> Integer.SIZE));
        }
        scores[token] = rising;
        errors[token] = errors(intermediate, entries, active);
    }

    private double[] errors(float[] intermediate, long[] entries, int active) {
        double[] squares = new double[active + 1];
        for (int r = 0; r < d; r++) {
            int row = r * norms.length;
            double sum = 0;
            for (int k = 0; k < active; k++) {
                int j = (int) entries[k];
                sum += (double) intermediate[j] * down[row + j];
                squares[k + 1] += sum * sum;
            }
        }
        double whole = squares[active];
        for (int k = 0; k <= active; k++) {
            squares[k] = squares[k] == 0 ? 0 : Math.sqrt(squares[k] / whole);
        }
        return squares;
    }

    /**
     * What leaving out by a threshold does.
     *
     * @param threshold 0 or more; infinite leaves out all
     * @throws IllegalStateException if a token was not set
     */
    public Point at(float threshold) {
        if (!(threshold >= 0)) {
            throw new IllegalArgumentException("a threshold is 0 or more, not " + threshold);
        }
        double sum = 0;
        long kept = 0;
        for (int token = 0; token < scores.length; token++) {
            if (scores[token] == null) {
                throw new IllegalStateException("token " + token + " of " + scores.length + " was not set");
            }
            int out = below(scores[token], Math.max(threshold, Float.MIN_VALUE));
            sum += errors[token][out];
            kept += scores[token].length - out;
        }
        return new Point(threshold, sum / scores.length, 1 - kept / ((double) scores.length * norms.length), scores.length);
    }

    /** How many of the rising scores are below the threshold. */
    private static int below(float[] rising, float threshold) {
        int low = 0;
        int high = rising.length;
        while (low < high) {
            int middle = low + high >>> 1;
            if (rising[middle] < threshold) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /**
     * A threshold with a CETT of at most {@code cett}, at whose next larger float it is more: the largest such threshold if CETT rises with it, as it
     * does but where contributions cancel. The float above all scores where everything may be left out; 0 if even a smaller one breaks the bound.
     *
     * @param cett the bound, 0 or more
     * @throws IllegalStateException if a token was not set
     */
    public Point within(double cett) {
        if (!(cett >= 0)) {
            throw new IllegalArgumentException("a CETT is 0 or more, not " + cett);
        }
        int beyond = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
        if (at(Float.POSITIVE_INFINITY).cett <= cett) {
            float largest = 0;
            for (float[] rising : scores) {
                largest = rising.length == 0 ? largest : Math.max(largest, rising[rising.length - 1]);
            }
            return at(Math.nextUp(largest));
        }
        // Halving the bits of floats comes to neighbours in 31 steps.
        int within = 0;
        while (beyond - within > 1) {
            int middle = within + beyond >>> 1;
            if (at(Float.intBitsToFloat(middle)).cett <= cett) {
                within = middle;
            } else {
                beyond = middle;
            }
        }
        return at(Float.intBitsToFloat(within));
    }

    /**
     * A layer at a threshold.
     *
     * @param threshold below which scores are left out
     * @param cett      the mean over tokens
     * @param sparsity  the share of neurons that are 0 or left out, over all tokens
     * @param tokens    how many
     */
    public record Point(float threshold, double cett, double sparsity, int tokens) {
    }
}
