package org.lacuna.sparsity.critical;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Percentile intervals for levels by the paired bootstrap (B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13;
 * {@link Coverage} has how often they cover). A replicate draws as many windows as there are, with replacement, once: dense
 * loss, every p and every model are computed anew on that same draw. The intervals cover the choice of windows, not that of training
 * seeds. Immutable: all statistics of one instance see the same draws.
 */
public final class PairedBootstrap {
    private final int[][] draws;

    /** A level computed on a draw of windows, by {@link WindowedCurve#pooled(int[])}. */
    @FunctionalInterface
    public interface Statistic {
        /**
         * The level on one draw.
         *
         * @param times how often each window was drawn; read only
         */
        Level on(int[] times);
    }

    /**
     * A percentile interval, and how many replicates gave no plain level.
     *
     * @param low        lower end
     * @param high       upper end
     * @param confidence the share that it is meant to cover
     * @param replicates how many draws it comes from
     * @param none       draws without a level (of a difference: on either side)
     * @param atLeast    draws with but a lower bound (of a difference: on either side, and none on neither)
     */
    public record Interval(double low, double high, double confidence, int replicates, int none, int atLeast) {
    }

    /**
     * Draws the windows.
     *
     * @param windows    how many windows every statistic is measured on, at least 1
     * @param replicates how many draws, at least 1; 1,000 or more for an interval of 95 %
     * @param seed       equal seeds give equal draws
     */
    public PairedBootstrap(int windows, int replicates, long seed) {
        if (windows < 1 || replicates < 1) {
            throw new IllegalArgumentException("a bootstrap needs windows and replicates, not " + windows + " and " + replicates);
        }
        SplittableRandom random = new SplittableRandom(seed);
        draws = new int[replicates][windows];
        for (int[] times : draws) {
            for (int w = 0; w < windows; w++) {
                times[random.nextInt(windows)]++;
            }
        }
    }

    /**
     * The interval of one level. No draw is left out: one without a level counts as sparsity 0, the least there is, and one with a lower bound s
     * counts as s for the lower end and as 1 for the upper.
     *
     * @param confidence such as 0.95, in (0, 1)
     */
    public Interval interval(Statistic statistic, double confidence) {
        return ofReadings(replicate -> Reading.of(statistic.on(draws[replicate])), confidence);
    }

    /**
     * The interval of {@code a - b}, both on the same draw. No draw is left out, and what a draw doesn't say widens the interval: where either has
     * no level, the draw counts as -1 for the lower end and as 1 for the upper; a lower bound s stands for anything in [s, 1].
     *
     * @param confidence such as 0.95, in (0, 1)
     */
    public Interval difference(Statistic a, Statistic b, double confidence) {
        return ofReadings(replicate -> Reading.difference(a.on(draws[replicate]), b.on(draws[replicate])), confidence);
    }

    /** A level on each draw, in their order: for a model that is held against many others, so that it is computed once. */
    public List<Level> levels(Statistic statistic) {
        return Arrays.stream(draws).map(statistic::on).toList();
    }

    /**
     * The interval of a level as {@link #interval(Statistic, double)} has it, of what {@link #levels} gave.
     *
     * @throws IllegalArgumentException if they are not one for each draw
     */
    public Interval interval(List<Level> levels, double confidence) {
        check(levels);
        return ofReadings(replicate -> Reading.of(levels.get(replicate)), confidence);
    }

    /**
     * The interval of {@code a - b} as {@link #difference(Statistic, Statistic, double)} has it, of what {@link #levels} gave.
     *
     * @throws IllegalArgumentException if they are not one for each draw
     */
    public Interval difference(List<Level> a, List<Level> b, double confidence) {
        check(a);
        check(b);
        return ofReadings(replicate -> Reading.difference(a.get(replicate), b.get(replicate)), confidence);
    }

    private void check(List<Level> levels) {
        if (levels.size() != draws.length) {
            throw new IllegalArgumentException("levels on " + levels.size() + " draws; there are " + draws.length);
        }
    }

    /**
     * The interval of any number that is computed anew on each draw: a loss, the ratio of two models' losses.
     *
     * @param statistic  from how often each window was drawn (read only) to a number, not NaN
     * @param confidence such as 0.95, in (0, 1)
     */
    public Interval number(ToDoubleFunction<int[]> statistic, double confidence) {
        return ofReadings(replicate -> Reading.of(statistic.applyAsDouble(draws[replicate])), confidence);
    }

    /**
     * The interval of where a curve of answers breaks a bar, for whatever estimator, where examples are so few that points break it by chance: an accuracy's bar
     * is but a few documents wide. There a level by the first point that breaks the bar lies too low, and on draws lower still, so that {@link #interval} holds
     * the truth too seldom ({@link Coverage#ANSWERS}). Instead each point is asked by itself, as a test is inverted: the interval leaves out at its lower end
     * what lies below the last point up to which at least {@code (1 + confidence) / 2} of the draws hold the bar at every point, and at its upper end what lies
     * above the first point from which on at most {@code (1 - confidence) / 2} of them do at any. Points go by rising sparsity, of all windows.
     *
     * <p>Draws know only what was seen: where no right answer turned wrong, none does in any draw, however few were asked. So at the lower end one more document is lost, that
     * which weighs most: an exponentially distributed number of times of mean 1, so that where no answer changed what may be lost is that of the exact interval of a
     * share (C. J. Clopper and E. S. Pearson, Biometrika 26, 1934), and a draw counts by the probability with which it then holds the bar. So where no answer changed the bar
     * surely holds if it leaves 3.7 documents to lose, of 95 %: 600 documents at 60 %. At the upper end documents were lost already, and draws count as they are.
     *
     * @param curve      of answers: sums of a document's weight if it is right, else 0, without a rule and at every point, by weights
     * @param share      of the accuracy without a rule that holds the bar, above 0
     * @param same       whether at a point, by its place in the curve, the rule leaves out nothing: there the bar holds without asking
     * @param confidence such as 0.95, in (0, 1)
     * @return from 0 where the densest point may break the bar, and to 1 where the sparsest may hold it; {@code none} and {@code atLeast} count draws on which
     *     {@link Estimator#LINEAR} gives no plain level
     */
    public Interval crossing(WindowedCurve curve, double share, IntPredicate same, double confidence) {
        checkConfidence(confidence);
        QualityBar bar = QualityBar.accuracy(share);
        List<CurvePoint> points = curve.pooled().points();
        double[] surely = new double[points.size()];
        int[] held = new int[points.size()];
        int none = 0;
        int atLeast = 0;
        double heaviest = curve.largestDense();
        for (int[] times : draws) {
            Curve drawn = curve.pooled(times);
            double weight = curve.weight(times);
            for (int i = 0; i < held.length; i++) {
                // How often the document can be lost; its weight is in both means.
                double more = (drawn.points().get(i).loss() / share - drawn.denseLoss()) * weight / heaviest;
                held[i] += same.test(i) || bar.holds(drawn.points().get(i).loss(), drawn.denseLoss()) ? 1 : 0;
                surely[i] += same.test(i) ? 1 : heaviest == 0 ? 0 : -Math.expm1(-Math.max(0, more));
            }
            Level.Kind kind = bar.levels(drawn).linear().kind();
            none += kind == Level.Kind.NONE ? 1 : 0;
            atLeast += kind == Level.Kind.AT_LEAST ? 1 : 0;
        }
        int outside = outside(draws.length, confidence);
        int[] order = IntStream.range(0, held.length).boxed().sorted(Comparator.comparingDouble(i -> points.get(i).sparsity())).mapToInt(Integer::intValue).toArray();
        int low = 0;
        while (low < order.length && surely[order[low]] >= draws.length - outside) {
            low++;
        }
        int high = order.length;
        while (high > 0 && held[order[high - 1]] <= outside) {
            high--;
        }
        return new Interval(low == 0 ? 0 : points.get(order[low - 1]).sparsity(), high == order.length ? 1 : points.get(order[high]).sparsity(), confidence, draws.length,
                none, atLeast);
    }

    /** Any number on each draw, in their order: for what is made of several, whose draws are the same or independent. */
    public double[] numbers(ToDoubleFunction<int[]> statistic) {
        return Arrays.stream(draws).mapToDouble(statistic::applyAsDouble).toArray();
    }

    /** How often each window is in a replicate's draw; read only. */
    int[] draw(int replicate) {
        return draws[replicate];
    }

    /** How many of so many draws lie outside an interval at either end. The small number undoes the rounding of (1 - 0.9) / 2 * 1000 to just below 50. */
    public static int outside(int replicates, double confidence) {
        return (int) Math.floor((1 - confidence) / 2 * replicates + 1e-9);
    }

    /** As many draws lie outside at either end: the whole number below (1 - confidence) / 2 of them. */
    Interval ofReadings(IntFunction<Reading> byReplicate, double confidence) {
        checkConfidence(confidence);
        int count = draws.length;
        double[] least = new double[count];
        double[] most = new double[count];
        int none = 0;
        int atLeast = 0;
        for (int replicate = 0; replicate < count; replicate++) {
            Reading reading = byReplicate.apply(replicate);
            least[replicate] = reading.least();
            most[replicate] = reading.most();
            none += reading.kind() == Level.Kind.NONE ? 1 : 0;
            atLeast += reading.kind() == Level.Kind.AT_LEAST ? 1 : 0;
        }
        Arrays.sort(least);
        Arrays.sort(most);
        int outside = outside(count, confidence);
        return new Interval(least[outside], most[count - 1 - outside], confidence, count, none, atLeast);
    }

    private static void checkConfidence(double confidence) {
        if (!(confidence > 0 && confidence < 1)) {
            throw new IllegalArgumentException("a confidence lies between 0 and 1, not " + confidence);
        }
    }
}
