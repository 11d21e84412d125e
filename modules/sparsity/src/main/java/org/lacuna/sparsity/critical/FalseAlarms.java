package org.lacuna.sparsity.critical;

import java.util.List;

/**
 * How often a permutation test at 5 % finds a difference where there is none: {@link LevelExchange} on critical sparsities (linear, one-sided), and
 * {@link org.lacuna.sparsity.statistics.PermutationTest} on the accuracies of a task (two-sided), in 400 pairs of test sets each; the module's
 * {@code DifferenceCoverageTest} simulates them again and compares every count. A size of 5 % gives 20 of 400, give or take 4 (one standard deviation).
 *
 * @param of         what is compared
 * @param examples   windows, or documents, in each test set
 * @param population of which the two models are: "normal" and "skewed", both alike in every window; {@value #UNLIKE}, of equal levels, but the first's windows
 *                   are skewed and the second's normal, which the test does not claim to tell from a difference; {@value #ANSWERS}, alike on documents
 * @param found      pairs of test sets in which p was at most 0.05
 * @param simulated  pairs of test sets
 */
public record FalseAlarms(String of, int examples, String population, int found, int simulated) {
    /** Models that differ in other ways than what is compared. */
    public static final String UNLIKE = "skewed and normal";
    /** Models on documents of a task. */
    public static final String ANSWERS = "answers";

    private static final String CRITICAL = "critical sparsity";
    private static final String ACCURACY = "accuracy";
    private static final String ON_A_TASK = "critical sparsity on a task";

    /** All that were measured. */
    public static final List<FalseAlarms> MEASURED = List.of(
            new FalseAlarms(CRITICAL, 64, "normal", 15, 400),
            new FalseAlarms(CRITICAL, 32, "normal", 18, 400),
            new FalseAlarms(CRITICAL, 16, "normal", 27, 400),
            new FalseAlarms(CRITICAL, 32, "skewed", 20, 400),
            new FalseAlarms(CRITICAL, 32, UNLIKE, 47, 400),
            new FalseAlarms(ACCURACY, 50, ANSWERS, 7, 400),
            new FalseAlarms(ON_A_TASK, 50, ANSWERS, 16, 400),
            new FalseAlarms(ACCURACY, 200, ANSWERS, 14, 400),
            new FalseAlarms(ON_A_TASK, 200, ANSWERS, 14, 400));

    /** Checks the counts. */
    public FalseAlarms {
        if (!(0 <= found && found <= simulated && simulated > 0)) {
            throw new IllegalArgumentException("a test cannot find " + found + " differences in " + simulated);
        }
    }

    /** The share of false alarms, in [0, 1]. */
    public double share() {
        return found / (double) simulated;
    }
}
