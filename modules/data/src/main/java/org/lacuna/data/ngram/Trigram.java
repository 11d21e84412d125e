package org.lacuna.data.ngram;

import java.util.Arrays;
import org.lacuna.data.TokenSequence;
import org.lacuna.run.InputException;

/**
 * A trigram model of tokens with interpolated modified Kneser-Ney smoothing (Chen and Goodman, "An empirical study of
 * smoothing techniques for language modeling", 1998, section 3): the strongest of the classical smoothings.
 *
 * <pre>
 * p₃(c | a b) = (n(abc) − D(n(abc))) / n(ab·) + (D₁N₁(ab·) + D₂N₂(ab·) + D₃N₃₊(ab·)) / n(ab·) · p₂(c | b)
 * </pre>
 *
 * and so on down to p₁, which is interpolated with the uniform distribution. n counts tokens at the highest order and
 * distinct predecessors below it; N_k(ab·) is how many tokens follow ab exactly k times. The discounts are
 * D_k = k − (k + 1) · Y · n_{k+1} / n_k with Y = n₁ / (n₁ + 2n₂), n_k being how many n-grams have the count k; where the
 * counts are too few for that they are ½, 1 and 1½. Nothing is tuned, so validation tokens play no part in training.
 */
public final class Trigram {

    private static final int ORDER = 3;

    private final long vocabulary;
    private final Level[] levels = new Level[ORDER + 1];

    private Trigram(int vocabularySize, long[] trigrams) {
        vocabulary = vocabularySize;
        long[] keys = trigrams;
        for (int order = ORDER; order >= 1; order--) {
            levels[order] = Level.of(keys);
            long range = order == ORDER ? vocabulary * vocabulary : vocabulary;
            keys = Arrays.stream(levels[order].keys).map(key -> key % range).toArray();
        }
    }

    /**
     * Counts the trigrams of some tokens.
     *
     * @param tokens         training tokens
     * @param count          how many of them to read, from the first on; all of them if there are fewer
     * @param vocabularySize ids are below it; at most 2²⁰
     * @return the model
     * @throws InputException when there are fewer than three tokens
     */
    public static Trigram train(TokenSequence tokens, long count, int vocabularySize) {
        if (vocabularySize < 1 || vocabularySize > 1 << 20) {
            throw new IllegalArgumentException("vocabulary of " + vocabularySize);
        }
        int n = (int) Math.min(Math.min(count, tokens.length()), Integer.MAX_VALUE - 8);
        if (n < ORDER) {
            throw new InputException("a trigram model needs at least " + ORDER + " training tokens, not " + n);
        }
        long[] keys = new long[n - ORDER + 1];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = ((long) tokens.at(i) * vocabularySize + tokens.at(i + 1L)) * vocabularySize + tokens.at(i + 2L);
        }
        return new Trigram(vocabularySize, keys);
    }

    /**
     * The loss on the start of a sequence: the mean −ln p of its tokens 1 to {@code scored}, each given the two before it
     * (token 1 has one). With {@code scored} = windows · T they are just the targets of the first windows
     * ({@link org.lacuna.data.sample.Windows#first}). The trigram looks back across the edges of windows, where a model
     * can't: a yardstick should not be shortened.
     *
     * @param tokens validation tokens
     * @param scored how many tokens to score
     * @return nats per token
     * @throws InputException when there are not so many
     */
    public double loss(TokenSequence tokens, long scored) {
        if (scored < 1 || scored >= tokens.length()) {
            throw new InputException("can't score " + scored + " tokens of a sequence of " + tokens.length()
                    + ": expected 1 to " + (tokens.length() - 1));
        }
        double sum = -Math.log(probability(levels[2], tokens.at(0), tokens.at(1), 2));
        for (long i = 2; i <= scored; i++) {
            long context = tokens.at(i - 2) * vocabulary + tokens.at(i - 1);
            sum -= Math.log(probability(levels[ORDER], context, tokens.at(i), ORDER));
        }
        return sum / scored;
    }

    /**
     * The probability of a token after two others.
     *
     * @param a the token before the last
     * @param b the last token
     * @param c the token
     * @return above 0; over all c the sum is 1
     */
    public double probability(int a, int b, int c) {
        return probability(levels[ORDER], a * vocabulary + b, c, ORDER);
    }

    private double probability(Level level, long context, int token, int order) {
        double shorter = order == 1 ? 1.0 / vocabulary
                : probability(levels[order - 1], order == ORDER ? context % vocabulary : 0, token, order - 1);
        long first = context * vocabulary;
        int from = level.find(first);
        long total = 0;
        double freed = 0;
        double kept = 0;
        for (int i = from; i < level.keys.length && level.keys[i] < first + vocabulary; i++) {
            double discount = level.discounts[Math.min(level.counts[i], 3)];
            total += level.counts[i];
            freed += discount;
            if (level.keys[i] == first + token) {
                kept = level.counts[i] - discount;
            }
        }
        return total == 0 ? shorter : (kept + freed * shorter) / total;
    }

    /** The n-grams of one order: their keys in rising order, so those of a context stand together. */
    private static final class Level {

        private final long[] keys;
        private final int[] counts;
        private final double[] discounts = {0, 0.5, 1, 1.5};

        private Level(long[] keys, int[] counts) {
            this.keys = keys;
            this.counts = counts;
            double[] having = new double[5];
            for (int count : counts) {
                if (count < having.length) {
                    having[count]++;
                }
            }
            double y = having[1] / (having[1] + 2 * having[2]);
            double[] estimated = new double[4];
            for (int k = 1; k <= 3; k++) {
                estimated[k] = k - (k + 1) * y * having[k + 1] / having[k];
                if (!(estimated[k] > 0 && estimated[k] <= k)) {
                    return;
                }
            }
            System.arraycopy(estimated, 0, discounts, 0, estimated.length);
        }

        static Level of(long[] unsorted) {
            Arrays.sort(unsorted);
            long[] keys = new long[unsorted.length];
            int[] counts = new int[unsorted.length];
            int distinct = 0;
            for (long key : unsorted) {
                if (distinct == 0 || keys[distinct - 1] != key) {
                    keys[distinct++] = key;
                }
                counts[distinct - 1]++;
            }
            return new Level(Arrays.copyOf(keys, distinct), Arrays.copyOf(counts, distinct));
        }

        int find(long key) {
            int at = Arrays.binarySearch(keys, key);
            return at >= 0 ? at : -at - 1;
        }
    }
}
