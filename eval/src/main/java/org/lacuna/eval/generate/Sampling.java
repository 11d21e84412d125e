package org.lacuna.eval.generate;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Draws the next token from a model's logits.
 *
 * @param temperature what logits are divided by; 0 takes the largest
 * @param topK        how many of the largest logits can be drawn; 0 for all
 */
public record Sampling(double temperature, int topK) {
    /** Checks the ranges. */
    public Sampling {
        if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("a temperature is 0 or more, not " + temperature);
        }
        if (topK < 0) {
            throw new IllegalArgumentException("top-k is 0 (all) or more, not " + topK);
        }
    }

    /** One token id; of equal logits the lower id ranks first. Draws a number only where there is a choice. */
    public int next(float[] logits, SplittableRandom random) {
        int[] ranked = IntStream.range(0, logits.length).boxed()
                .sorted(Comparator.comparingDouble((Integer id) -> -logits[id]).thenComparing(Comparator.naturalOrder()))
                .mapToInt(Integer::intValue).toArray();
        if (temperature == 0 || topK == 1) {
            return ranked[0];
        }
        int choices = topK == 0 ? ranked.length : Math.min(topK, ranked.length);
        double largest = logits[ranked[0]];
        double[] weights = Arrays.stream(ranked, 0, choices).mapToDouble(id -> Math.exp((logits[id] - largest) / temperature)).toArray();
        double left = random.nextDouble() * Arrays.stream(weights).sum();
        int rank = 0;
        while (rank < choices - 1 && left >= weights[rank]) {
            left -= weights[rank++];
        }
        return ranked[rank];
    }
}
