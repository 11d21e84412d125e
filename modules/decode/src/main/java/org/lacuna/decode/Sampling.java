package org.lacuna.decode;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Draws the next token from a model's logits, in the order of transformers: divided by the temperature, cut to the k largest, then to
 * the fewest of these whose probabilities add up to p. Of logits that equal the k-th, transformers keeps all and this the lower ids.
 *
 * @param temperature what logits are divided by; 0 takes the largest
 * @param topK        how many of the largest logits can be drawn; 0 for all
 * @param topP        the share of the probability, above 0 and at most 1, that those which can be drawn have at least (Holtzman et al.
 *                    2020, "The Curious Case of Neural Text Degeneration"); 1 for all
 */
public record Sampling(double temperature, int topK, double topP) {
    /** Checks the ranges. */
    public Sampling {
        if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("a temperature is 0 or more, not " + temperature);
        }
        if (topK < 0) {
            throw new IllegalArgumentException("top-k is 0 (all) or more, not " + topK);
        }
        if (!(topP > 0 && topP <= 1)) {
            throw new IllegalArgumentException("top-p is above 0 and at most 1 (all), not " + topP);
        }
    }

    /** One token id; of equal logits the lower id ranks first. Draws a number only where there is a choice. */
    public int next(float[] logits, SplittableRandom random) {
        if (temperature == 0 || topK == 1) {
            return largest(logits);
        }
        boolean all = (topK == 0 || topK >= logits.length) && topP == 1;
        int[] ids = all ? null : ranked(logits);
        int choices = all || topK == 0 ? logits.length : Math.min(topK, logits.length);
        double top = logits[all ? largest(logits) : ids[0]];
        double[] weights = new double[choices];
        double sum = 0;
        for (int i = 0; i < choices; i++) {
            weights[i] = Math.exp((logits[all ? i : ids[i]] - top) / temperature);
            sum += weights[i];
        }
        if (topP < 1) {
            double wanted = topP * sum;
            sum = 0;
            int n = 0;
            while (n < choices && sum < wanted) {
                sum += weights[n++];
            }
            choices = n;
        }
        double left = random.nextDouble() * sum;
        int drawn = 0;
        while (drawn < choices - 1 && left >= weights[drawn]) {
            left -= weights[drawn++];
        }
        return all ? drawn : ids[drawn];
    }

    private static int largest(float[] logits) {
        int best = 0;
        for (int id = 1; id < logits.length; id++) {
            if (logits[id] > logits[best]) {
                best = id;
            }
        }
        return best;
    }

    /** All ids by falling logit, the lower id first among equals. */
    private static int[] ranked(float[] logits) {
        long[] keys = new long[logits.length];
        for (int id = 0; id < keys.length; id++) {
            int bits = Float.floatToIntBits(logits[id] + 0f); // one zero
            int rising = bits ^ bits >> 31 & Integer.MAX_VALUE;
            keys[id] = (long) ~rising << 32 | id;
        }
        Arrays.sort(keys);
        return Arrays.stream(keys).mapToInt(key -> (int) key).toArray();
    }
}
