package org.lacuna.sparsity.critical;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import org.lacuna.sparsity.critical.WindowedCurve.Point;

/**
 * Windows of text drawn from a known population, so that the curve over all of it, and what each estimator reads off that, is known too.
 *
 * <p>A window w of 128 tokens has a dense loss D of mean 2.5 nats a token. At a point of true sparsity s it has {@code D + d(s) G + e} with
 * {@code d(s) = 0.01 (s / a)^3.5}, a factor G of mean 1 that all points of the window share, and a noise e of mean 0 of its own at every point. The
 * perplexity bar of 1 %, d = 0.00995, falls between two points of the paper's grid, at which {@code s = (1 - p)^0.45}: much like the curve of a small
 * trained model. Kept counts vary about their mean by what all points of the window share and by a noise of each point's own.
 *
 * <p>Several models may be measured on the same windows: then {@value #SHARED} of the variance of what is a window's (D, G and what its kept counts share) is
 * the text's, the same for all of them. Each by itself is as it would be alone.
 *
 * <p>Only {@code StrictMath}, so that every machine draws the same.
 *
 * @param skewed if not, D, G and e are normal with standard deviations of 0.3, 0.5 and up to 0.006; if so, D and G are lognormal (standard deviations of
 *               0.3 and 1.31, G's skewness 6.2) and e is exponential less its mean, with the same standard deviation
 * @param at     the sparsity a, at which the loss is 0.01 above dense
 */
record PlantedPopulation(boolean skewed, double at) {
    /** Of the variance between windows. */
    private static final double SHARED = 0.8;
    private static final int TOKENS = 128;
    private static final long ELEMENTS = 128_000;
    private static final double DENSE = 2.5;

    /** What a window is: deviates of its dense loss, of its factor and of its kept counts. */
    private record Window(double dense, double factor, double kept) {
        static Window drawn(SplittableRandom random) {
            return new Window(normal(random), normal(random), normal(random));
        }

        /** One model's, of the text's and its own. */
        Window with(Window own) {
            return new Window(mixed(dense, own.dense), mixed(factor, own.factor), mixed(kept, own.kept));
        }

        private static double mixed(double text, double own) {
            return StrictMath.sqrt(SHARED) * text + StrictMath.sqrt(1 - SHARED) * own;
        }
    }

    PlantedPopulation(boolean skewed) {
        this(skewed, 0.24);
    }

    /** Some models on the same windows. */
    static List<WindowedCurve> sample(List<PlantedPopulation> models, int windows, SplittableRandom random) {
        List<Window> texts = new ArrayList<>();
        for (int w = 0; w < windows; w++) {
            texts.add(Window.drawn(random));
        }
        return models.stream().map(model -> model.sample(windows, w -> texts.get(w).with(Window.drawn(random)), random)).toList();
    }

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
        return sample(windows, w -> Window.drawn(random), random);
    }

    private WindowedCurve sample(int windows, IntFunction<Window> text, SplittableRandom random) {
        int grid = Curve.PAPER_GRID.size();
        long[] tokens = new long[windows];
        long[] elements = new long[windows];
        double[] dense = new double[windows];
        double[][] losses = new double[grid][windows];
        long[][] kept = new long[grid][windows];
        double[] excess = Curve.PAPER_GRID.stream().mapToDouble(this::excess).toArray();
        double[] noisy = Arrays.stream(excess).map(it -> 0.006 * StrictMath.sqrt(Math.min(1, it / 0.01))).toArray();
        long[] means = Curve.PAPER_GRID.stream().mapToLong(PlantedPopulation::kept).toArray();
        for (int w = 0; w < windows; w++) {
            tokens[w] = TOKENS;
            elements[w] = ELEMENTS;
            Window window = text.apply(w);
            double own = skewed ? lognormal(DENSE, 0.12, window.dense) : DENSE + 0.3 * window.dense;
            double factor = skewed ? lognormal(1, 1, window.factor) : 1 + 0.5 * window.factor;
            dense[w] = TOKENS * own;
            for (int i = 0; i < grid; i++) {
                double noise = noisy[i] * (skewed ? exponential(random) - 1 : normal(random));
                losses[i][w] = TOKENS * (own + excess[i] * factor + noise);
                kept[i][w] = about(means[i], window.kept, random);
            }
        }
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < grid; i++) {
            points.add(new Point(Curve.PAPER_GRID.get(i), losses[i], kept[i]));
        }
        return new WindowedCurve(tokens, elements, dense, points);
    }

    private double excess(double p) {
        return 0.01 * StrictMath.pow(StrictMath.pow(1 - p, 0.45) / at, 3.5);
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
    private static double lognormal(double mean, double deviation, double deviate) {
        return mean * StrictMath.exp(deviation * deviate - deviation * deviation / 2);
    }

    private static double exponential(SplittableRandom random) {
        return -StrictMath.log(1 - random.nextDouble());
    }

    /** Box and Muller's cosine. */
    static double normal(SplittableRandom random) {
        return StrictMath.sqrt(2 * exponential(random)) * StrictMath.cos(2 * Math.PI * random.nextDouble());
    }
}
