package org.lacuna.sparsity.critical;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.lacuna.sparsity.critical.WindowedCurve.Point;

/**
 * Windows of text drawn from a known population, so that the curve over all of it, and what each estimator reads off that, is known too.
 *
 * <p>A window w of 128 tokens has a dense loss D of mean 2.5 nats a token. At a point of true sparsity s it has {@code D + d(s) G + e} with
 * {@code d(s) = 0.01 (s / 0.24)^3.5}, a factor G of mean 1 that all points of the window share, and a noise e of mean 0 of its own at every point. The
 * perplexity bar of 1 %, d = 0.00995, falls between two points of the paper's grid, at which {@code s = (1 - p)^0.45}: much like the curve of a small
 * trained model. Kept counts vary about their mean by what all points of the window share and by a noise of each point's own.
 *
 * <p>Only {@code StrictMath}, so that every machine draws the same.
 *
 * @param skewed if not, D, G and e are normal with standard deviations of 0.3, 0.5 and up to 0.006; if so, D and G are lognormal (standard deviations of
 *               0.3 and 1.31, G's skewness 6.2) and e is exponential less its mean, with the same standard deviation
 */
record PlantedPopulation(boolean skewed) {
    private static final int TOKENS = 128;
    private static final long ELEMENTS = 128_000;
    private static final double DENSE = 2.5;

    /** The curve over the whole population. */
    Curve curve() {
        List<CurvePoint> points = new ArrayList<>();
        for (double p : Curve.PAPER_GRID) {
            points.add(new CurvePoint(p, DENSE + excess(p), (ELEMENTS - kept(p)) / (double) ELEMENTS));
        }
        return new Curve(DENSE, points);
    }

    /** So many windows of it. */
    WindowedCurve sample(int windows, SplittableRandom random) {
        int grid = Curve.PAPER_GRID.size();
        long[] tokens = new long[windows];
        long[] elements = new long[windows];
        double[] dense = new double[windows];
        double[][] losses = new double[grid][windows];
        long[][] kept = new long[grid][windows];
        for (int w = 0; w < windows; w++) {
            tokens[w] = TOKENS;
            elements[w] = ELEMENTS;
            double own = skewed ? lognormal(DENSE, 0.12, random) : DENSE + 0.3 * normal(random);
            double factor = skewed ? lognormal(1, 1, random) : 1 + 0.5 * normal(random);
            double shared = normal(random);
            dense[w] = TOKENS * own;
            for (int i = 0; i < grid; i++) {
                double p = Curve.PAPER_GRID.get(i);
                double noise = 0.006 * StrictMath.sqrt(Math.min(1, excess(p) / 0.01)) * (skewed ? exponential(random) - 1 : normal(random));
                losses[i][w] = TOKENS * (own + excess(p) * factor + noise);
                kept[i][w] = about(kept(p), shared, random);
            }
        }
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < grid; i++) {
            points.add(new Point(Curve.PAPER_GRID.get(i), losses[i], kept[i]));
        }
        return new WindowedCurve(tokens, elements, dense, points);
    }

    private static double excess(double p) {
        return 0.01 * StrictMath.pow(StrictMath.pow(1 - p, 0.45) / 0.24, 3.5);
    }

    private static long kept(double p) {
        return Math.round(ELEMENTS * (1 - StrictMath.pow(1 - p, 0.45)));
    }

    /** Of that mean exactly: a whole number, what is added is as often below as above, and cut off alike at both ends. */
    private static long about(long mean, double shared, SplittableRandom random) {
        double most = Math.min(mean, ELEMENTS - mean);
        double noise = 0.02 * ELEMENTS * shared + 0.003 * ELEMENTS * normal(random);
        return mean + (long) Math.rint(Math.max(-most, Math.min(most, noise)));
    }

    /** Of a mean, with a standard deviation of the logarithm. */
    private static double lognormal(double mean, double deviation, SplittableRandom random) {
        return mean * StrictMath.exp(deviation * normal(random) - deviation * deviation / 2);
    }

    private static double exponential(SplittableRandom random) {
        return -StrictMath.log(1 - random.nextDouble());
    }

    /** Box and Muller's cosine. */
    private static double normal(SplittableRandom random) {
        return StrictMath.sqrt(2 * exponential(random)) * StrictMath.cos(2 * Math.PI * random.nextDouble());
    }
}
