package org.lacuna.sparsity.critical;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** What was measured for a {@link Curve}, by window of text, so that it can be pooled over any draw of the windows. Immutable. */
public final class WindowedCurve {
    private final double[] weights;
    /** [point][window]; rows that are the same are one array. */
    private final long[][] elements;
    private final double[] denseLossSums;
    private final List<Point> points;

    /**
     * One run with the rule, by window.
     *
     * @param p        the rule's parameter
     * @param lossSums sum of the loss over the window's scored tokens, in nats
     * @param kept     how many elements the rule kept, over all layers and unpadded tokens of the window
     */
    public record Point(double p, double[] lossSums, long[] kept) {
        /** Copies the arrays. */
        public Point {
            lossSums = lossSums.clone();
            kept = kept.clone();
        }

        @Override
        public double[] lossSums() {
            return lossSums.clone();
        }

        @Override
        public long[] kept() {
            return kept.clone();
        }
    }

    /**
     * All arrays have one entry for each window. "Loss" and "tokens" stand for any quality that is a sum over examples, and their number: see
     * {@link QualityBar}.
     *
     * @param tokens        scored tokens, at least 1
     * @param elements      elements that the rule saw, over all layers and unpadded tokens, at least 1 in one of the windows
     * @param denseLossSums sum of the loss over the scored tokens in the run without a rule, in nats
     * @param points        the runs with the rule, in the order of the grid; at least one
     * @throws IllegalArgumentException if lengths differ, or a value is outside what is said here; the message says where
     */
    public WindowedCurve(long[] tokens, long[] elements, double[] denseLossSums, List<Point> points) {
        this(tokens, Collections.nCopies(points.size(), elements).toArray(long[][]::new), denseLossSums, points);
    }

    /** The same where the rule saw other elements at other points, as of texts that a model wrote under it: {@code elements} has a row for each point. */
    public WindowedCurve(long[] tokens, long[][] elements, double[] denseLossSums, List<Point> points) {
        int windows = tokens.length;
        check(!points.isEmpty() && elements.length == points.size(), "a curve needs at least one point, and elements of each, not " + points.size() + " and "
                + elements.length);
        check(windows > 0 && elements[0].length == windows && denseLossSums.length == windows,
                "tokens, elements and dense losses must be of as many windows, at least one: "
                        + windows + ", " + elements[0].length + ", " + denseLossSums.length);
        for (int w = 0; w < windows; w++) {
            check(tokens[w] > 0 && elements[0][w] >= 0 && Double.isFinite(denseLossSums[w]), "window " + w + " has " + tokens[w]
                    + " scored tokens, " + elements[0][w] + " elements and a dense loss of " + denseLossSums[w]);
        }
        for (int i = 0; i < elements.length; i++) {
            Point point = points.get(i);
            check(point.lossSums.length == windows && point.kept.length == windows && elements[i].length == windows, "the point at p = " + point.p
                    + " is not of "
                    + windows + " windows");
            check(Arrays.stream(elements[i]).sum() > 0, "the point at p = " + point.p + " has no elements");
            for (int w = 0; w < windows; w++) {
                check(!Double.isNaN(point.lossSums[w]) && elements[i][w] >= 0 && point.kept[w] >= 0 && point.kept[w] <= elements[i][w], "window " + w
                        + " at p = " + point.p + " has a loss of " + point.lossSums[w] + " and keeps " + point.kept[w] + " of "
                        + elements[i][w] + " elements");
            }
        }
        weights = Arrays.stream(tokens).asDoubleStream().toArray();
        this.elements = new long[elements.length][];
        for (int i = 0; i < elements.length; i++) {
            this.elements[i] = i > 0 && elements[i] == elements[i - 1] ? this.elements[i - 1] : elements[i].clone();
        }
        this.denseLossSums = denseLossSums.clone();
        this.points = List.copyOf(points);
    }

    private WindowedCurve(double[] weights, long[][] elements, double[] denseLossSums, List<Point> points) {
        this.weights = weights;
        this.elements = elements;
        this.denseLossSums = denseLossSums;
        this.points = points;
    }

    /**
     * The same sums as means over something else than tokens: over bytes for bits a byte, over the squares of outputs for their relative error.
     *
     * @param others one for each window, above 0 and finite
     */
    public WindowedCurve over(double[] others) {
        check(others.length == weights.length, others.length + " weights for " + weights.length + " windows");
        for (int w = 0; w < others.length; w++) {
            check(others[w] > 0 && others[w] < Double.POSITIVE_INFINITY, "window " + w + " has a weight of " + others[w] + ", not above 0 and finite");
        }
        return new WindowedCurve(others.clone(), elements, denseLossSums, points);
    }

    /**
     * This curve with some windows measured on the other model instead: half of an exchange of labels between two models. A window takes its losses and its
     * elements with it.
     *
     * @param other of the same windows: weights and values of p must be equal
     * @param taken whether a window is the other's
     */
    public WindowedCurve exchanged(WindowedCurve other, boolean[] taken) {
        check(Arrays.equals(weights, other.weights) && taken.length == weights.length,
                "windows can be exchanged only between curves of the same windows, with equal weights");
        check(points.stream().map(Point::p).toList().equals(other.points.stream().map(Point::p).toList()),
                "windows can be exchanged only between curves with the same values of p, in the same order");
        double[] dense = mixed(denseLossSums, other.denseLossSums, taken);
        List<Point> mixed = new ArrayList<>(points.size());
        long[][] mixedElements = new long[points.size()][];
        for (int i = 0; i < points.size(); i++) {
            Point own = points.get(i);
            Point others = other.points.get(i);
            mixed.add(new Point(own.p, mixed(own.lossSums, others.lossSums, taken), mixed(own.kept, others.kept, taken)));
            boolean same = i > 0 && elements[i] == elements[i - 1] && other.elements[i] == other.elements[i - 1];
            mixedElements[i] = same ? mixedElements[i - 1] : mixed(elements[i], other.elements[i], taken);
        }
        return new WindowedCurve(weights, mixedElements, dense, List.copyOf(mixed));
    }

    private static long[] mixed(long[] own, long[] others, boolean[] taken) {
        long[] mixed = own.clone();
        for (int w = 0; w < mixed.length; w++) {
            mixed[w] = taken[w] ? others[w] : mixed[w];
        }
        return mixed;
    }

    private static double[] mixed(double[] own, double[] others, boolean[] taken) {
        double[] mixed = own.clone();
        for (int w = 0; w < mixed.length; w++) {
            mixed[w] = taken[w] ? others[w] : mixed[w];
        }
        return mixed;
    }

    /** How many windows were measured. */
    public int windows() {
        return weights.length;
    }

    /** The curve over all windows. */
    public Curve pooled() {
        int[] once = new int[weights.length];
        Arrays.fill(once, 1);
        return pooled(once);
    }

    /**
     * The curve over a draw of the windows: every mean is over the tokens (or {@link #over other weights}), and every sparsity over the elements, of all
     * windows drawn together.
     *
     * @param times how often each window is in the draw; at least one is
     * @throws IllegalArgumentException if that is not as many counts as there are windows
     */
    public Curve pooled(int[] times) {
        check(times.length == weights.length, "a draw from " + times.length + " windows, but the curve has " + weights.length);
        int[] drawn = drawn(times);
        double drawnWeight = sum(weights, times, drawn); // exact where they are whole numbers, such as tokens
        List<CurvePoint> pooled = new ArrayList<>(points.size());
        long drawnElements = 0;
        for (int i = 0; i < elements.length; i++) {
            Point point = points.get(i);
            drawnElements = i > 0 && elements[i] == elements[i - 1] ? drawnElements : sum(elements[i], times, drawn);
            // A draw of windows without elements has nothing that is left out.
            double sparsity = drawnElements == 0 ? 0 : (drawnElements - sum(point.kept, times, drawn)) / (double) drawnElements;
            pooled.add(new CurvePoint(point.p, sum(point.lossSums, times, drawn) / drawnWeight, sparsity));
        }
        return new Curve(sum(denseLossSums, times, drawn) / drawnWeight, pooled);
    }

    /** What a draw weighs: the means of {@link #pooled(int[])} are sums over it. */
    double weight(int[] times) {
        return sum(weights, times, drawn(times));
    }

    /** The largest sum of a window in the run without a rule. */
    double largestDense() {
        return Arrays.stream(denseLossSums).max().orElseThrow();
    }

    /** The windows that are in a draw. One that is not may have an infinite loss. */
    private static int[] drawn(int[] times) {
        int[] drawn = new int[times.length];
        int count = 0;
        for (int w = 0; w < times.length; w++) {
            drawn[count] = w;
            count += times[w] > 0 ? 1 : 0;
        }
        return Arrays.copyOf(drawn, count);
    }

    private static long sum(long[] values, int[] times, int[] drawn) {
        long sum = 0;
        for (int w : drawn) {
            sum += times[w] * values[w];
        }
        return sum;
    }

    private static double sum(double[] values, int[] times, int[] drawn) {
        double sum = 0;
        for (int w : drawn) {
            sum += times[w] * values[w];
        }
        return sum;
    }

    private static void check(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
