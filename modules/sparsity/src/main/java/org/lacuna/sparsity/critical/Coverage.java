package org.lacuna.sparsity.critical;

import java.util.List;
import java.util.Locale;

/**
 * How often the nominal 95 % intervals of {@link PairedBootstrap} held the truth where it is known: in 1,000 test sets simulated from a population with a
 * known curve, 1,000 draws each, at the perplexity bar of 1 %. The module's {@code CoverageTest} simulates them again and compares every count.
 *
 * <p>The population resembles a small trained model on the paper's grid, with a noise of each point's own besides what a window's points share; the bar
 * falls between two points. "Normal" and "skewed" say how windows differ (skewed: excess losses lognormal with a skewness of 6, dense losses lognormal,
 * noise exponential). A true coverage of 95 % gives 950 of 1,000, give or take 7 (one standard deviation).
 *
 * <p>What it comes to, by 10,000 sets of each kind:
 * <ul>
 * <li>{@code linear} covers 94.3 % with 64 normal windows and 94.2 % with 32. What is missing is the percentile interval's known narrowness for few examples:
 * it goes by the sample's variance with n for n - 1 and by normal for Student's quantiles. The expanded percentile interval that makes up for both
 * (T. C. Hesterberg, "What Teachers Should Know About the Bootstrap", The American Statistician 69, 2015), 4 % wider with 64, covered 95.1 % and 95.4 %.
 * <li>Under skewed losses {@code linear} covers 92.0 % with 64 windows and 90.8 % with 32. Where it misses, it is too high five times in six: a sample without
 * the few windows that lose most breaks the bar late. Wider (expanded, 93.0 %) or BCa intervals (92.3 %) mend little of it; more windows do.
 * <li>{@code grid} and {@code first} are discrete and biased downwards, by 0.7 points of sparsity here. The percentile interval, which holds the neighbouring
 * points, covers 94 to 96 %. A basic interval mirrors the bias and covered 74 %; BCa corrected for a median that is a point of the grid and covered 88 %. For
 * {@code linear} they covered 91.1 % and 94.3 % (64 normal windows). Hence percentile intervals for all three. (All of these intervals: B. Efron and
 * R. J. Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 14.)
 * </ul>
 *
 * @param estimator  whose intervals
 * @param windows    windows in each test set
 * @param population "normal" or "skewed"
 * @param covered    test sets whose interval held the population's level
 * @param simulated  test sets
 */
public record Coverage(Estimator estimator, int windows, String population, int covered, int simulated) {
    /** All that were measured. */
    public static final List<Coverage> MEASURED = List.of(
            new Coverage(Estimator.GRID, 64, "normal", 958, 1000),
            new Coverage(Estimator.FIRST, 64, "normal", 958, 1000),
            new Coverage(Estimator.LINEAR, 64, "normal", 957, 1000),
            new Coverage(Estimator.GRID, 32, "normal", 942, 1000),
            new Coverage(Estimator.FIRST, 32, "normal", 939, 1000),
            new Coverage(Estimator.LINEAR, 32, "normal", 949, 1000),
            new Coverage(Estimator.GRID, 64, "skewed", 956, 1000),
            new Coverage(Estimator.FIRST, 64, "skewed", 954, 1000),
            new Coverage(Estimator.LINEAR, 64, "skewed", 911, 1000),
            new Coverage(Estimator.GRID, 32, "skewed", 956, 1000),
            new Coverage(Estimator.FIRST, 32, "skewed", 957, 1000),
            new Coverage(Estimator.LINEAR, 32, "skewed", 896, 1000));

    /** Checks the counts. */
    public Coverage {
        if (!(0 <= covered && covered <= simulated && simulated > 0)) {
            throw new IllegalArgumentException("an interval cannot cover " + covered + " of " + simulated);
        }
    }

    /** What was measured of an estimator: first with 64 normal windows. */
    public static List<Coverage> of(Estimator estimator) {
        return MEASURED.stream().filter(coverage -> coverage.estimator == estimator).toList();
    }

    /** Such as "linear: 376 of 400 (64 windows, normal)". */
    public String inWords() {
        return String.format(Locale.ROOT, "%s: %d of %d (%d windows, %s)", estimator.name().toLowerCase(Locale.ROOT), covered, simulated, windows, population);
    }
}
