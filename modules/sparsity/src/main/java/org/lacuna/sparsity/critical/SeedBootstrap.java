package org.lacuna.sparsity.critical;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.function.ToDoubleFunction;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;
import org.lacuna.sparsity.critical.PairedBootstrap.Statistic;
import org.lacuna.sparsity.statistics.Range;

/**
 * The mean over models that were trained alike with several seeds, and its percentile interval, which covers the choice of seeds and of windows. A replicate
 * draws as many seeds as there are, with replacement, and then as many windows, once for all seeds: they saw the same text. That is the bootstrap of a crossed
 * design (A. B. Owen, "The Pigeonhole Bootstrap", The Annals of Applied Statistics 1, 2007; A. C. Davison and D. V. Hinkley, Bootstrap Methods and their
 * Application, 1997, section 3.8).
 *
 * <p><b>Few seeds.</b> What seeds were not drawn in training cannot be drawn here, and S seeds show (S - 1) / S of their variance. An interval reaches no
 * further than the seeds do, and of a symmetric population all S lie on one side of the middle with probability 2^(1-S), so that where seeds are what varies a
 * nominal 95 % covers at most 50 % with 2 seeds, 75 % with 3, 87.5 % with 4 and 94 % with 5. With 2 seeds (and mostly with 3) the 95 % interval is simply
 * from the least to the greatest seed, widened by the windows: read it as that. With 1 seed it is {@link PairedBootstrap}'s, bit for bit, and covers no
 * choice of seeds.
 *
 * <p>The draws of windows are those of {@link PairedBootstrap} with the same seed. Immutable: all statistics of one instance see the same draws.
 */
public final class SeedBootstrap {
    private final PairedBootstrap windows;
    private final int[][] draws;
    private final int seeds;
    private final int[] once;

    /**
     * A mean over seeds.
     *
     * @param mean     over all seeds and windows; a range where a seed's level is missing or but a lower bound, by the same rules as an interval's draws
     * @param interval over draws of seeds and windows; {@code none} and {@code atLeast} count draws in which any drawn seed's level was such
     * @param seeds    how many
     */
    public record Mean(Range mean, Interval interval, int seeds) {
    }

    /**
     * Draws seeds and windows.
     *
     * @param seeds       how many models were trained, at least 1
     * @param windowCount how many windows each was measured on, the same for all, at least 1
     * @param replicates  how many draws, at least 1
     * @param seed        equal seeds give equal draws
     */
    public SeedBootstrap(int seeds, int windowCount, int replicates, long seed) {
        if (seeds < 1) {
            throw new IllegalArgumentException("a mean over seeds needs one at least, not " + seeds);
        }
        this.seeds = seeds;
        windows = new PairedBootstrap(windowCount, replicates, seed);
        SplittableRandom random = new SplittableRandom(seed).split();
        draws = new int[replicates][seeds];
        for (int[] times : draws) {
            for (int s = 0; s < seeds; s++) {
                times[random.nextInt(seeds)]++;
            }
        }
        once = new int[windowCount];
        Arrays.fill(once, 1);
    }

    /** The mean of a level, with one statistic for each seed. */
    public Mean levels(List<Statistic> statistics, double confidence) {
        check(statistics.size());
        return mean((s, times) -> Reading.of(statistics.get(s).on(times)), confidence);
    }

    /** The mean of {@code a - b}, where a's and b's models of the same place belong together: they are drawn as a pair. */
    public Mean differences(List<Statistic> a, List<Statistic> b, double confidence) {
        check(a.size());
        check(b.size());
        return mean((s, times) -> Reading.difference(a.get(s).on(times), b.get(s).on(times)), confidence);
    }

    /** The mean of any number that isn't NaN, with one statistic for each seed. */
    public Mean numbers(List<ToDoubleFunction<int[]>> statistics, double confidence) {
        check(statistics.size());
        return mean((s, times) -> Reading.of(statistics.get(s).applyAsDouble(times)), confidence);
    }

    private Mean mean(BiFunction<Integer, int[], Reading> ofSeed, double confidence) {
        int[] allSeeds = new int[seeds];
        Arrays.fill(allSeeds, 1);
        Reading mean = Reading.mean(readings(ofSeed, allSeeds, once), allSeeds);
        Interval interval = windows.ofReadings(
                replicate -> Reading.mean(readings(ofSeed, draws[replicate], windows.draw(replicate)), draws[replicate]), confidence);
        return new Mean(new Range(mean.least(), mean.most()), interval, seeds);
    }

    /** One for each seed; null for those that are not drawn. */
    private static List<Reading> readings(BiFunction<Integer, int[], Reading> ofSeed, int[] drawn, int[] times) {
        List<Reading> readings = new ArrayList<>(drawn.length);
        for (int s = 0; s < drawn.length; s++) {
            readings.add(drawn[s] > 0 ? ofSeed.apply(s, times) : null);
        }
        return readings;
    }

    private void check(int statistics) {
        if (statistics != seeds) {
            throw new IllegalArgumentException("a mean over " + seeds + " seeds needs a statistic of each, not " + statistics);
        }
    }
}
