package org.lacuna.sparsity.critical;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** What was measured for a {@link Curve}, by window of text, so that it can be pooled over any draw of the windows. Immutable. */
public final class WindowedCurve {
    private final double[] weights;
    private final double[] parameters;
    /** By window, not by point: a draw adds whole rows, an exchange picks them. */
    private final Row[] rows;
    /** Whether the rule saw the same elements at all points. */
    private final boolean sameElements;

    /** One window: its sums by point. */
    private record Row(double denseLossSum, double[] lossSums, long[] kept, long[] elements) {
    }

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
            if (!(tokens[w] > 0 && elements[0][w] >= 0 && Double.isFinite(denseLossSums[w]))) {
                throw new IllegalArgumentException("window " + w + " has " + tokens[w] + " scored tokens, " + elements[0][w] + " elements and a dense loss of " + denseLossSums[w]);
            }
        }
        boolean same = true;
        for (int i = 0; i < elements.length; i++) {
            Point point = points.get(i);
            check(point.lossSums.length == windows && point.kept.length == windows && elements[i].length == windows, "the point at p = " + point.p
                    + " is not of "
                    + windows + " windows");
            check(Arrays.stream(elements[i]).sum() > 0, "the point at p = " + point.p + " has no elements");
            for (int w = 0; w < windows; w++) {
                if (!(!Double.isNaN(point.lossSums[w]) && elements[i][w] >= 0 && point.kept[w] >= 0 && point.kept[w] <= elements[i][w])) {
                    throw new IllegalArgumentException("window " + w + " at p = " + point.p + " has a loss of " + point.lossSums[w] + " and keeps " + point.kept[w] + " of "
                            + elements[i][w] + " elements");
                }
            }
            same &= Arrays.equals(elements[i], elements[0]);
        }
        weights = Arrays.stream(tokens).asDoubleStream().toArray();
        parameters = points.stream().mapToDouble(Point::p).toArray();
        sameElements = same;
        rows = new Row[windows];
        for (int w = 0; w < windows; w++) {
            Row row = new Row(denseLossSums[w], new double[parameters.length], new long[parameters.length], new long[parameters.length]);
            for (int i = 0; i < parameters.length; i++) {
                row.lossSums[i] = points.get(i).lossSums[w];
                row.kept[i] = points.get(i).kept[w];
                row.elements[i] = elements[i][w];
            }
            rows[w] = row;
        }
    }

    private WindowedCurve(double[] weights, double[] parameters, Row[] rows, boolean sameElements) {
        this.weights = weights;
        this.parameters = parameters;
        this.rows = rows;
        this.sameElements = sameElements;
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
        return new WindowedCurve(others.clone(), parameters, rows, sameElements);
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
        check(Arrays.equals(parameters, other.parameters), "windows can be exchanged only between curves with the same values of p, in the same order");
        Row[] mixed = rows.clone();
        for (int w = 0; w < mixed.length; w++) {
            mixed[w] = taken[w] ? other.rows[w] : mixed[w];
        }
        return new WindowedCurve(weights, parameters, mixed, sameElements && other.sameElements);
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
        double weight = weight(times); // exact where they are whole numbers, such as tokens
        double dense = 0;
        double[] lossSums = new double[parameters.length];
        long[] kept = new long[parameters.length];
        long[] elements = new long[sameElements ? 1 : parameters.length];
        for (int w = 0; w < rows.length; w++) {
            int often = times[w];
            if (often > 0) { // one that is not drawn may have an infinite loss
                Row row = rows[w];
                dense += often * row.denseLossSum;
                add(often, row.lossSums, lossSums);
                add(often, row.kept, kept);
                add(often, row.elements, elements);
            }
        }
        CurvePoint[] pooled = new CurvePoint[parameters.length];
        for (int i = 0; i < pooled.length; i++) {
            long seen = elements[sameElements ? 0 : i];
            // A draw of windows without elements has nothing that is left out.
            double sparsity = seen == 0 ? 0 : (seen - kept[i]) / (double) seen;
            pooled[i] = new CurvePoint(parameters[i], lossSums[i] / weight, sparsity);
        }
        return new Curve(dense / weight, List.of(pooled));
    }

    private static void add(int often, double[] row, double[] sums) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += often * row[i];
        }
    }

    private static void add(int often, long[] row, long[] sums) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += often * row[i];
        }
    }

    /** What a draw weighs: the means of {@link #pooled(int[])} are sums over it. */
    double weight(int[] times) {
        double sum = 0;
        for (int w = 0; w < weights.length; w++) {
            sum += times[w] > 0 ? times[w] * weights[w] : 0;
        }
        return sum;
    }

    /** The largest sum of a window in the run without a rule. */
    double largestDense() {
        return Arrays.stream(rows).mapToDouble(Row::denseLossSum).max().orElseThrow();
    }

    private static void check(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
