package org.lacuna.eval.fatrelu;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * The gates of one layer's tokens, and what it costs to drop those below a threshold.
 *
 * <pre>
 * error of a token at t:  ‖ Σ_{j: g_j &lt; t} i_j · W_d[:, j] ‖₂ / ‖ FFN(x) ‖₂,   FFN(x) = Σ_j i_j · W_d[:, j]
 * CETT at t:              its mean over the tokens   (Song et al., ProSparse, arXiv 2402.13516; Luo et al., Sparsing Law, arXiv 2411.02335)
 * </pre>
 * A token whose dropped part is the zero vector has error 0, whatever its FFN(x). Sums are in double; neurons are added by rising gate.
 *
 * <p>Tokens may be set from several threads, each one once.
 */
final class LayerGates {
    /** By token: its positive gates, rising. */
    private final float[][] gates;
    /** By token: the error when the k smallest are dropped, k from 0 to their number. */
    private final double[][] errors;

    LayerGates(int tokens) {
        gates = new float[tokens][];
        errors = new double[tokens][];
    }

    /**
     * Looks at one token.
     *
     * @param gate   where its F gates, after ReLU, begin at {@code from}
     * @param i      where its F intermediate values begin at {@code from}
     * @param down   W_d [D, F]
     * @param hidden D
     * @return whether all numbers were finite
     */
    boolean set(int token, FloatBuffer gate, FloatBuffer i, int from, int inner, FloatBuffer down, int hidden) {
        int[] active = active(gate, from, inner);
        double[] squares = new double[active.length + 1];
        for (int d = 0; d < hidden; d++) {
            double sum = 0;
            for (int k = 0; k < active.length; k++) {
                sum += (double) i.get(from + active[k]) * down.get(d * inner + active[k]);
                squares[k + 1] += sum * sum;
            }
        }
        double whole = Math.sqrt(squares[active.length]);
        double[] error = new double[squares.length];
        for (int k = 0; k < error.length; k++) {
            error[k] = squares[k] == 0 ? 0 : Math.sqrt(squares[k]) / whole;
        }
        float[] rising = new float[active.length];
        for (int k = 0; k < rising.length; k++) {
            rising[k] = gate.get(from + active[k]);
        }
        gates[token] = rising;
        errors[token] = error;
        return Double.isFinite(whole);
    }

    /** The neurons with a positive gate, by rising gate, equal ones by number. Bits of positive floats order as the floats do. */
    private static int[] active(FloatBuffer gate, int from, int inner) {
        long[] entries = new long[inner];
        int count = 0;
        for (int j = 0; j < inner; j++) {
            float g = gate.get(from + j);
            if (!(g <= 0)) { // NaN too: its sum is not finite
                entries[count++] = (long) Float.floatToIntBits(g) << 32 | j;
            }
        }
        Arrays.sort(entries, 0, count);
        int[] active = new int[count];
        for (int k = 0; k < count; k++) {
            active[k] = (int) entries[k];
        }
        return active;
    }

    /** The mean error when each token's neurons with a gate below {@code threshold} are dropped. */
    double cett(float threshold) {
        double sum = 0;
        for (int token = 0; token < gates.length; token++) {
            sum += errors[token][below(gates[token], threshold)];
        }
        return sum / gates.length;
    }

    /** How many of the rising values are below the threshold. */
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
     * The threshold at which the CETT is at most {@code most}, and at the next 32-bit number it is more; the largest there is, if the CETT rises
     * with the threshold, as it does but where dropped parts cancel. 0 where nothing that can be dropped makes a difference, and the number above the largest gate where
     * everything may be.
     */
    float threshold(double most) {
        float largest = 0;
        for (float[] token : gates) {
            largest = token.length == 0 ? largest : Math.max(largest, token[token.length - 1]);
        }
        // Positive floats are as their bits: halving those comes to neighbours in 31 steps.
        int within = 0;
        int beyond = Float.floatToIntBits(Math.nextUp(largest));
        double ofAll = cett(Float.intBitsToFloat(beyond));
        if (ofAll <= most) {
            return ofAll == 0 ? 0 : Float.intBitsToFloat(beyond);
        }
        while (beyond - within > 1) {
            int middle = within + beyond >>> 1;
            if (cett(Float.intBitsToFloat(middle)) <= most) {
                within = middle;
            } else {
                beyond = middle;
            }
        }
        return Float.intBitsToFloat(within);
    }
}
