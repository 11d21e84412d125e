package org.lacuna.eval.robustness;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.lacuna.sparsity.critical.Bar;
import org.lacuna.sparsity.critical.CriticalSparsity;
import org.lacuna.sparsity.critical.Curve;
import org.lacuna.sparsity.critical.CurvePoint;
import org.lacuna.sparsity.critical.Estimates;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.sparsity.critical.PairedBootstrap;
import org.lacuna.sparsity.critical.WindowedCurve;

/**
 * One rule at several sites at once, each with a p of its own, for every combination of the settings' {@link JointGrid}, and which of them are best.
 *
 * <p>What a combination saves is counted from shapes and measured zeros, {@link org.lacuna.sparsity.cost.FeedForward#together} and {@link
 * org.lacuna.sparsity.cost.Attention#together} of one token, for each window and layer: of the operations of the block, of attention's projections or of both, as the grid has sites of
 * one or both, and of their weights' bytes, which are as many since each product of a token reads its matrix once. Attention's scores are computed in full and not counted. No predictor is used. Zeros that are there without a rule count.
 *
 * @param windowOperations of the dense matrices in a window: of the layers in which the rule is applied, and the tokens that it covers
 * @param points           in the order of {@link JointGrid#points}
 * @param frontier         places of the points that save more than all that lose no more, by rising loss
 * @param choice           under the settings' bar
 */
public record JointResult(long windowOperations, List<JointPoint> points, List<Integer> frontier, JointChoice choice) {
    /** Copies the lists. */
    public JointResult {
        points = List.copyOf(points);
        frontier = List.copyOf(frontier);
    }

    /**
     * Finds frontier and choice.
     *
     * @param windowLength scored tokens in a window
     */
    public static JointResult of(long windowOperations, List<JointPoint> points, int windowLength, DenseResult dense, Settings settings) {
        Choosing choosing = new Choosing(windowOperations, points, windowLength, dense);
        Bar bar = new Bar(settings.bar());
        return new JointResult(windowOperations, points, frontier(points),
                choosing.choice(curve -> CriticalSparsity.of(curve, bar), settings.bootstrap(dense.windowLossSums().size()), settings.confidence()));
    }

    /**
     * Chooses among these points, by any bar.
     *
     * @param dense what the bar's curves have as the run without a rule: the model's own, or that of another on the same windows
     */
    public Choosing choosing(int windowLength, DenseResult dense) {
        return new Choosing(windowOperations, points, windowLength, dense);
    }

    /** Places of the points that save more than every point that loses no more, by rising loss; of equal ones the first. */
    static List<Integer> frontier(List<JointPoint> points) {
        List<Integer> order = IntStream.range(0, points.size()).boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> points.get(i).loss()).thenComparingDouble(i -> -points.get(i).saved())).toList();
        List<Integer> frontier = new ArrayList<>();
        for (int i : order) {
            if (frontier.isEmpty() || points.get(i).saved() > points.get(frontier.get(frontier.size() - 1)).saved()) {
                frontier.add(i);
            }
        }
        return frontier;
    }

    /** The points as curves of loss over what is saved, whose {@link Estimator#GRID} is the most that holds a bar. */
    public static final class Choosing {
        private final List<Integer> samePlaces;
        private final WindowedCurve all;
        private final WindowedCurve same;

        private Choosing(long windowOperations, List<JointPoint> points, int windowLength, DenseResult dense) {
            samePlaces = IntStream.range(0, points.size()).filter(i -> points.get(i).same()).boxed().toList();
            all = curve(windowOperations, points, windowLength, dense);
            same = curve(windowOperations, samePlaces.stream().map(points::get).toList(), windowLength, dense);
        }

        private static WindowedCurve curve(long windowOperations, List<JointPoint> points, int windowLength, DenseResult dense) {
            int windows = dense.windowLossSums().size();
            long[] tokens = new long[windows];
            Arrays.fill(tokens, windowLength);
            long[] operations = new long[windows];
            Arrays.fill(operations, windowOperations);
            List<WindowedCurve.Point> windowed = new ArrayList<>();
            for (int i = 0; i < points.size(); i++) {
                // A curve's p is a name here.
                windowed.add(new WindowedCurve.Point(i, doubles(points.get(i).windowLossSums()), points.get(i).windowOperations().stream().mapToLong(Long::longValue).toArray()));
            }
            return new WindowedCurve(tokens, operations, doubles(dense.windowLossSums()), windowed);
        }

        private static double[] doubles(List<Double> values) {
            return values.stream().mapToDouble(Double::doubleValue).toArray();
        }

        /** What saves most of what holds a bar. */
        public JointChoice choice(Function<Curve, Estimates> bar, PairedBootstrap draws, double confidence) {
            PairedBootstrap.Statistic joint = times -> measured(bar.apply(all.pooled(times)).grid());
            PairedBootstrap.Statistic one = times -> measured(bar.apply(same.pooled(times)).grid());
            Level best = bar.apply(all.pooled()).grid();
            Level bestSame = bar.apply(same.pooled()).grid();
            OptionalInt samePlace = place(same.pooled(), bestSame);
            return new JointChoice(place(all.pooled(), best), new Estimate(Estimator.GRID, best, draws.interval(joint, confidence)),
                    samePlace.isPresent() ? OptionalInt.of(samePlaces.get(samePlace.getAsInt())) : samePlace,
                    new Estimate(Estimator.GRID, bestSame, draws.interval(one, confidence)),
                    draws.number(times -> number(joint.on(times)) - number(one.on(times)), confidence));
        }

        /** The place of what saves most of what holds a bar, over all windows; empty if none does. */
        public OptionalInt best(Function<Curve, Estimates> bar) {
            return place(all.pooled(), bar.apply(all.pooled()).grid());
        }

        /** What was measured, where a finer grid might save more: an interval is of these combinations. */
        private static Level measured(Level level) {
            return level.kind() == Level.Kind.AT_LEAST ? Level.at(level.sparsity()) : level;
        }

        private static double number(Level level) {
            return level.kind() == Level.Kind.NONE ? 0 : level.sparsity();
        }

        /** Of the points that save as much as the level says, the one that loses least, which holds the bar since one of them does. */
        private static OptionalInt place(Curve curve, Level level) {
            List<CurvePoint> points = curve.points();
            return level.kind() == Level.Kind.NONE ? OptionalInt.empty() : IntStream.range(0, points.size()).filter(i -> points.get(i).sparsity() == level.sparsity()).boxed()
                    .min(Comparator.comparingDouble(i -> points.get(i).loss())).map(OptionalInt::of).orElseThrow();
        }
    }
}
