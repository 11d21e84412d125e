package org.lacuna.sparsity.critical;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import org.apache.commons.numbers.gamma.InverseErf;
import org.lacuna.sparsity.critical.WindowedCurve.Point;

/**
 * Answers to documents drawn from a known population: a document is right if what it asks, a normal deviate, is below what the model can. What the model can
 * falls with the rule's sparsity s, so that of all documents {@code A max(0.4, 1 - 0.01 (s / a)^3.5)} are right at it; up to {@code own} of what a document
 * asks is anew at every point, so that some answers change to right. At {@code 1 - (1 - p)^0.45} of the elements are kept at p of the paper's grid, in every
 * document. The accuracy bar of 99 % is met at s = a. Of several models, {@value #SHARED} of what a document asks is the same for all.
 *
 * @param accuracy A, without a rule
 * @param at       a
 * @param own      of the variance of what a document asks, what is anew at a point with sparsity a
 */
record PlantedAnswers(double accuracy, double at, double own) {
    private static final double SHARED = 0.7;
    private static final long ELEMENTS = 10_000;

    /** The curve over the whole population. */
    Curve curve() {
        List<CurvePoint> points = new ArrayList<>();
        for (double p : Curve.PAPER_GRID) {
            points.add(new CurvePoint(p, right(p), (ELEMENTS - kept(p)) / (double) ELEMENTS));
        }
        return new Curve(accuracy, points);
    }

    /** Some models' answers to the same documents: 1 for a right one. */
    static List<WindowedCurve> sample(List<PlantedAnswers> models, int documents, SplittableRandom random) {
        double[] texts = DoubleStream.generate(() -> PlantedPopulation.normal(random)).limit(documents).toArray();
        return models.stream().map(model -> model.sample(texts, random)).toList();
    }

    private WindowedCurve sample(double[] texts, SplittableRandom random) {
        int documents = texts.length;
        double[] asked = DoubleStream.of(texts).map(text -> mixed(text, 1 - SHARED, random)).toArray();
        List<Point> points = new ArrayList<>();
        for (double p : Curve.PAPER_GRID) {
            double can = quantile(right(p));
            double anew = own * Math.min(1, StrictMath.pow(sparsity(p) / at, 3.5));
            points.add(new Point(p, DoubleStream.of(asked).map(it -> mixed(it, anew, random) < can ? 1 : 0).toArray(), all(documents, kept(p))));
        }
        double can = quantile(accuracy);
        return new WindowedCurve(all(documents, 1), all(documents, ELEMENTS), DoubleStream.of(asked).map(it -> it < can ? 1 : 0).toArray(), points);
    }

    private double right(double p) {
        return accuracy * Math.max(0.4, 1 - 0.01 * StrictMath.pow(sparsity(p) / at, 3.5));
    }

    private static double sparsity(double p) {
        return StrictMath.pow(1 - p, 0.45);
    }

    private static long kept(double p) {
        return Math.round(ELEMENTS * (1 - sparsity(p)));
    }

    private static long[] all(int documents, long number) {
        long[] all = new long[documents];
        Arrays.fill(all, number);
        return all;
    }

    private static double mixed(double deviate, double own, SplittableRandom random) {
        return StrictMath.sqrt(1 - own) * deviate + StrictMath.sqrt(own) * PlantedPopulation.normal(random);
    }

    /** Of the normal distribution. */
    private static double quantile(double share) {
        return Math.sqrt(2) * InverseErf.value(2 * share - 1);
    }
}
