package org.lacuna.sparsity.statistics;

import java.util.SplittableRandom;

/**
 * Fisher's test of two models on the same examples: if they do not differ, each example's two outcomes may be exchanged, and the difference that was seen is
 * one of the 2^n that the exchanges give. (R. A. Fisher, The Design of Experiments, 1935, section 21; B. Efron and R. J. Tibshirani, An Introduction to the
 * Bootstrap, 1993, chapter 15.)
 *
 * <p>Up to {@value #EXACT_PAIRS} pairs all 2^n are gone through and p is the share that reaches what was seen, which is itself one of them: the smallest p is
 * 2^-n, two-sided 2^(1-n). Beyond that, {@code p = (1 + count) / (1 + draws)} for so many drawn at random: never 0, and at most a with a probability of at
 * most a if the models do not differ (B. Phipson and G. K. Smyth, "Permutation P-values Should Never Be Zero", Statistical Applications in Genetics and
 * Molecular Biology 9, 2010). A tie counts as reached, and so does what rounding may have kept from being one.
 *
 * <p>Where a difference is known only within bounds, what was seen counts as its least and what chance gives as its most (in size for the two-sided p), so
 * that p is rather too large than too small.
 */
public final class PermutationTest {
    /** The most pairs of which every exchange is tried. */
    public static final int EXACT_PAIRS = 16;

    private PermutationTest() {
    }

    /** A difference of two models, of whatever is computed from all pairs together. */
    @FunctionalInterface
    public interface Difference {
        /**
         * The difference after an exchange.
         *
         * @param exchanged for each pair, whether its labels are exchanged; read only
         */
        Range on(boolean[] exchanged);
    }

    /**
     * What a test found.
     *
     * @param seen         the difference as measured
     * @param greater      p of the hypothesis that the first is greater, in (0, 1]
     * @param twoSided     p of the hypothesis that they differ
     * @param exact        whether all exchanges were tried
     * @param arrangements how many were tried, in an exact test the one that was measured among them
     * @param seed         of the draws; nothing depends on it in an exact test
     */
    public record Result(Range seen, double greater, double twoSided, boolean exact, int arrangements, long seed) {
    }

    /**
     * Tests whether the mean of the first is greater: sign flips of {@code first - second}. For the hypothesis that it is less, swap the two.
     *
     * @param first  outcomes of one model, example by example, finite; at least one
     * @param second of the other on the same examples
     * @param draws  how many exchanges are drawn if there are too many pairs for all, at least 1; 9,999 for a p to three digits
     * @param seed   equal seeds give equal draws
     */
    public static Result ofMeans(double[] first, double[] second, int draws, long seed) {
        if (first.length != second.length) {
            throw new IllegalArgumentException("pairs need as many of the second as of the first: " + first.length + " and " + second.length);
        }
        double[] differences = new double[first.length];
        double size = 0;
        for (int i = 0; i < first.length; i++) {
            differences[i] = first[i] - second[i];
            if (!Double.isFinite(differences[i])) {
                throw new IllegalArgumentException("the difference of pair " + i + " is " + differences[i]);
            }
            size += Math.abs(differences[i]) / first.length;
        }
        return of(first.length, exchanged -> {
            double sum = 0;
            for (int i = 0; i < differences.length; i++) {
                sum += exchanged[i] ? -differences[i] : differences[i];
            }
            return Range.of(sum / differences.length);
        }, 1e-12 * size, draws, seed);
    }

    /**
     * Tests any difference whose sign turns if all labels are exchanged.
     *
     * @param pairs      how many pairs, at least 1
     * @param difference computed anew for every exchange
     * @param rounding   how far from what was seen an equal difference may come out
     * @param draws      as above
     * @param seed       as above
     */
    public static Result of(int pairs, Difference difference, double rounding, int draws, long seed) {
        return of(pairs, EXACT_PAIRS, difference, rounding, draws, seed);
    }

    /**
     * The same, for a difference that takes long to compute.
     *
     * @param exactPairs with so many pairs or fewer all exchanges are tried, at most {@value #EXACT_PAIRS}
     */
    public static Result of(int pairs, int exactPairs, Difference difference, double rounding, int draws, long seed) {
        if (pairs < 1 || draws < 1 || !(rounding >= 0)) {
            throw new IllegalArgumentException("a test needs pairs, draws and a rounding of 0 or more, not " + pairs + ", " + draws + " and " + rounding);
        }
        boolean exact = pairs <= Math.min(exactPairs, EXACT_PAIRS);
        int arrangements = exact ? 1 << pairs : draws;
        SplittableRandom random = new SplittableRandom(seed);
        boolean[] exchanged = new boolean[pairs];
        Range seen = difference.on(exchanged);
        int greater = 0;
        int inSize = 0;
        for (int a = 0; a < arrangements; a++) {
            for (int i = 0; i < pairs; i++) {
                exchanged[i] = exact ? (a >> i & 1) == 1 : random.nextBoolean();
            }
            Range chance = difference.on(exchanged);
            greater += chance.mayReach(seen, rounding) ? 1 : 0;
            inSize += chance.mayReachInSize(seen, rounding) ? 1 : 0;
        }
        // What was measured is one of all exchanges, and not one of those drawn.
        int own = exact ? 0 : 1;
        return new Result(seen, (greater + own) / (double) (arrangements + own), (inSize + own) / (double) (arrangements + own), exact, arrangements, seed);
    }
}
