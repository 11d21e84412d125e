package org.lacuna.sparsity.critical;

import java.util.List;
import java.util.Locale;

/**
 * How often nominal 95 % intervals held the truth where it is known: of a critical sparsity at the perplexity bar of 1 % in 1,000 test sets simulated from a
 * population with a known curve, of differences of two models on the same windows, of means over seeds and of a task's numbers in 400 each; 1,000 draws for
 * each interval. The module's {@code CoverageTest} and {@code DifferenceCoverageTest} simulate them again and compare every count.
 *
 * <p>The population resembles a small trained model on the paper's grid, with a noise of each point's own besides what a window's points share; the bar
 * falls between two points. "Normal" and "skewed" say how windows differ (skewed: excess losses lognormal with a skewness of 6, dense losses lognormal,
 * noise exponential). A true coverage of 95 % gives 950 of 1,000, give or take 7 (one standard deviation), and 380 of 400, give or take 4. Of two models, 80 %
 * of the variance between windows is the text's, and their critical sparsities are 5 points apart. A task's documents are right or wrong: two models with
 * accuracies of 60 and 66 %.
 *
 * <p><b>One model's critical sparsity</b>, by 10,000 sets of each kind:
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
 * <li>16 windows lose one to four points of coverage more.
 * </ul>
 *
 * <p><b>Differences</b> of two models on the same windows cover 95 to 99 %, with 16 windows and skewed losses too: what makes one level lie too high does so
 * with the other's. The ratio of losses, a plain ratio of means, has the percentile interval's narrowness: 93 % with 32, 91.5 % with 16 skewed windows.
 *
 * <p><b>Means over seeds</b> by {@link SeedBootstrap} cover 97 to 99 % where seeds vary as much as the choice of windows does, which is then counted twice; and
 * 73 % with 2 seeds, 84 % with 3, 89 % with 5 where seeds vary four times as much, since draws of few seeds vary less than seeds do. Seeds drawn by Student's
 * t in place of with replacement covered 99 % with 2 and 3 and 98 % with 5 there, but made intervals 2.5 times as wide with 3 seeds and 8 times with 2, and
 * where seeds vary as windows do covered all of 400 with 3 at twice the width. Hence draws with replacement, to be read with this table; more seeds mend it.
 *
 * <p><b>Tasks.</b> The difference of two accuracies covers 94 to 96 %. A level at 99 % of an accuracy is another matter: with 50 or 200 documents the bar is
 * at most a document or two wide, points break it by chance, and percentile intervals of {@code linear} held the truth in 295 and 272 of 400
 * ({@value #PERCENTILES}); of other test sets in 303 and 273, and corrected for bias (BC) in 282 and 294. {@link PairedBootstrap#crossing}, which asks every
 * point by itself and counts one more document as lost than was, takes their place there: it held the truth in all of 400, and where a hundredth as much of what
 * a document asks is anew at each point too ({@value #FEW_CHANGE}; by draws alone 151 of 300 with 50 documents). The price is width: an accuracy of 60 % has a lower end
 * above 0 only from some 600 documents on, since with fewer even no change at all does not prove that not one in 167 is lost. With 50, 200 and 1,000 documents the mean
 * ends were 0 and 0.55, 0 and 0.45, 0.03 and 0.38 about a truth of 0.24. Differences of such levels are percentile intervals: 86 % for {@code linear} with 50
 * documents, 97 % with 200.
 *
 * @param of         what the intervals are of: an estimator's name, or as {@link #DIFFERENCES}, {@link #SEEDS} and {@link #ANSWERS} say
 * @param examples   windows, documents or seeds in each test set
 * @param population "normal", "skewed" or {@value FalseAlarms#ANSWERS}
 * @param covered    test sets whose interval held the population's number
 * @param simulated  test sets
 */
public record Coverage(String of, int examples, String population, int covered, int simulated) {
    private static final String GRID = "grid";
    private static final String FIRST = "first";
    private static final String LINEAR = "linear";
    private static final String NORMAL = "normal";
    private static final String SKEWED = "skewed";

    /** Of one model's critical sparsity, by estimator. */
    public static final List<Coverage> LEVELS = List.of(
            new Coverage(GRID, 64, NORMAL, 958, 1000),
            new Coverage(FIRST, 64, NORMAL, 958, 1000),
            new Coverage(LINEAR, 64, NORMAL, 957, 1000),
            new Coverage(GRID, 32, NORMAL, 942, 1000),
            new Coverage(FIRST, 32, NORMAL, 939, 1000),
            new Coverage(LINEAR, 32, NORMAL, 949, 1000),
            new Coverage(GRID, 64, SKEWED, 956, 1000),
            new Coverage(FIRST, 64, SKEWED, 954, 1000),
            new Coverage(LINEAR, 64, SKEWED, 911, 1000),
            new Coverage(GRID, 32, SKEWED, 956, 1000),
            new Coverage(FIRST, 32, SKEWED, 957, 1000),
            new Coverage(LINEAR, 32, SKEWED, 896, 1000),
            new Coverage(GRID, 16, NORMAL, 941, 1000),
            new Coverage(FIRST, 16, NORMAL, 930, 1000),
            new Coverage(LINEAR, 16, NORMAL, 938, 1000),
            new Coverage(GRID, 16, SKEWED, 914, 1000),
            new Coverage(FIRST, 16, SKEWED, 934, 1000),
            new Coverage(LINEAR, 16, SKEWED, 878, 1000));

    /** A row of {@link #DIFFERENCES}: one model's loss over another's. */
    public static final String LOSSES = "ratio of losses";

    /** Of the difference of two models' critical sparsities on the same windows, by estimator, and of {@value #LOSSES}. */
    public static final List<Coverage> DIFFERENCES = List.of(
            new Coverage(GRID, 64, NORMAL, 393, 400),
            new Coverage(FIRST, 64, NORMAL, 393, 400),
            new Coverage(LINEAR, 64, NORMAL, 382, 400),
            new Coverage(LOSSES, 64, NORMAL, 380, 400),
            new Coverage(GRID, 32, NORMAL, 393, 400),
            new Coverage(FIRST, 32, NORMAL, 394, 400),
            new Coverage(LINEAR, 32, NORMAL, 387, 400),
            new Coverage(LOSSES, 32, NORMAL, 372, 400),
            new Coverage(GRID, 16, NORMAL, 391, 400),
            new Coverage(FIRST, 16, NORMAL, 394, 400),
            new Coverage(LINEAR, 16, NORMAL, 389, 400),
            new Coverage(LOSSES, 16, NORMAL, 375, 400),
            new Coverage(GRID, 64, SKEWED, 393, 400),
            new Coverage(FIRST, 64, SKEWED, 393, 400),
            new Coverage(LINEAR, 64, SKEWED, 385, 400),
            new Coverage(LOSSES, 64, SKEWED, 374, 400),
            new Coverage(GRID, 32, SKEWED, 389, 400),
            new Coverage(FIRST, 32, SKEWED, 391, 400),
            new Coverage(LINEAR, 32, SKEWED, 380, 400),
            new Coverage(LOSSES, 32, SKEWED, 369, 400),
            new Coverage(GRID, 16, SKEWED, 393, 400),
            new Coverage(FIRST, 16, SKEWED, 394, 400),
            new Coverage(LINEAR, 16, SKEWED, 384, 400),
            new Coverage(LOSSES, 16, SKEWED, 366, 400));

    /** A row of {@link #SEEDS}: where seeds are most of what varies. */
    public static final String SEEDS_VARY_MORE = "seeds vary four times as much";

    /** Of the mean difference of critical sparsities (linear) over so many training seeds, on 16 windows. */
    public static final List<Coverage> SEEDS = List.of(
            new Coverage("seeds vary as windows do", 2, NORMAL, 390, 400),
            new Coverage(SEEDS_VARY_MORE, 2, NORMAL, 293, 400),
            new Coverage("seeds vary as windows do", 3, NORMAL, 391, 400),
            new Coverage(SEEDS_VARY_MORE, 3, NORMAL, 338, 400),
            new Coverage("seeds vary as windows do", 5, NORMAL, 395, 400),
            new Coverage(SEEDS_VARY_MORE, 5, NORMAL, 355, 400));

    /** A row of {@link #ANSWERS}: what a study's tables have, and other tables had. */
    public static final String PERCENTILES = "critical sparsity, linear, by percentiles of its draws";

    /** A row of {@link #ANSWERS}: a model whose answers hardly change but for those that it loses. */
    public static final String FEW_CHANGE = "critical sparsity where few answers change";

    /** Of a task's numbers over documents; critical sparsities by {@link PairedBootstrap#crossing}, apart from {@value #PERCENTILES}, are at 99 % of the accuracy. */
    public static final List<Coverage> ANSWERS = List.of(
            new Coverage("difference of accuracies", 50, FalseAlarms.ANSWERS, 384, 400),
            new Coverage("critical sparsity, grid", 50, FalseAlarms.ANSWERS, 400, 400),
            new Coverage("critical sparsity, first", 50, FalseAlarms.ANSWERS, 400, 400),
            new Coverage("critical sparsity, linear", 50, FalseAlarms.ANSWERS, 400, 400),
            new Coverage(FEW_CHANGE, 50, FalseAlarms.ANSWERS, 400, 400),
            new Coverage(PERCENTILES, 50, FalseAlarms.ANSWERS, 295, 400),
            new Coverage("difference of two, grid", 50, FalseAlarms.ANSWERS, 373, 400),
            new Coverage("difference of two, first", 50, FalseAlarms.ANSWERS, 348, 400),
            new Coverage("difference of two, linear", 50, FalseAlarms.ANSWERS, 345, 400),
            new Coverage("difference of accuracies", 200, FalseAlarms.ANSWERS, 376, 400),
            new Coverage("critical sparsity, grid", 200, FalseAlarms.ANSWERS, 400, 400),
            new Coverage("critical sparsity, first", 200, FalseAlarms.ANSWERS, 400, 400),
            new Coverage("critical sparsity, linear", 200, FalseAlarms.ANSWERS, 400, 400),
            new Coverage(FEW_CHANGE, 200, FalseAlarms.ANSWERS, 400, 400),
            new Coverage(PERCENTILES, 200, FalseAlarms.ANSWERS, 272, 400),
            new Coverage("difference of two, grid", 200, FalseAlarms.ANSWERS, 395, 400),
            new Coverage("difference of two, first", 200, FalseAlarms.ANSWERS, 390, 400),
            new Coverage("difference of two, linear", 200, FalseAlarms.ANSWERS, 389, 400));

    /** Checks the counts. */
    public Coverage {
        if (!(0 <= covered && covered <= simulated && simulated > 0)) {
            throw new IllegalArgumentException("an interval cannot cover " + covered + " of " + simulated);
        }
    }

    /** The share that is covered, in [0, 1]. */
    public double share() {
        return covered / (double) simulated;
    }

    /** Such as "linear: 376 of 400 (64 windows, normal)". */
    public String inWords() {
        return String.format(Locale.ROOT, "%s: %d of %d (%d windows, %s)", of, covered, simulated, examples, population);
    }
}
