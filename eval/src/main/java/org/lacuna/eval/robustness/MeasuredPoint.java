package org.lacuna.eval.robustness;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lacuna.sparsity.critical.Bar;
import org.lacuna.sparsity.critical.CriticalSparsity;
import org.lacuna.sparsity.critical.Curve;
import org.lacuna.sparsity.critical.Estimates;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.PairedBootstrap;
import org.lacuna.sparsity.critical.WindowedCurve;

/**
 * What was found at one p, before intervals.
 *
 * @param p             the rule's parameter
 * @param lossSums      by window
 * @param kept          elements that are not 0, by window, of all layers in which the rule is applied
 * @param layerSparsity zeros / elements, these layers one by one
 */
public record MeasuredPoint(double p, double[] lossSums, long[] kept, List<Double> layerSparsity) {

    /**
     * Adds pooled values, critical sparsity and intervals.
     *
     * @param windowElements elements of the site in a window
     * @param windowLength   scored tokens in a window
     * @param measured       in the order of the settings' grid
     * @param dense          of the same windows
     */
    public static SiteResult curve(SiteSet sites, long windowElements, int windowLength, List<MeasuredPoint> measured, DenseResult dense,
            Settings settings) {
        int windows = dense.windowLossSums().size();
        double[] denseSums = dense.windowLossSums().stream().mapToDouble(Double::doubleValue).toArray();
        WindowedCurve windowed = new WindowedCurve(filled(windows, windowLength), filled(windows, windowElements), denseSums,
                measured.stream().map(point -> new WindowedCurve.Point(point.p, point.lossSums, point.kept)).toList());
        Curve pooled = windowed.pooled();
        PairedBootstrap bootstrap = settings.bootstrap(windows);
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < measured.size(); i++) {
            MeasuredPoint point = measured.get(i);
            long tokens = (long) windows * windowLength;
            points.add(new Point(point.p, pooled.points().get(i).loss(),
                    bootstrap.number(times -> increase(point.lossSums, denseSums, times) / tokens, settings.confidence()),
                    pooled.points().get(i).sparsity(), point.layerSparsity, Arrays.stream(point.lossSums).boxed().toList(),
                    Arrays.stream(point.kept).boxed().toList()));
        }
        Bar bar = new Bar(settings.bar());
        Estimates levels = CriticalSparsity.of(pooled, bar);
        List<Estimate> critical = Arrays.stream(Estimator.values())
                .map(estimator -> new Estimate(estimator, levels.by(estimator), bootstrap.interval(
                        times -> CriticalSparsity.of(windowed.pooled(times), bar).by(estimator), settings.confidence())))
                .toList();
        return new SiteResult(sites, windowElements, points, critical);
    }

    /** On a draw of the windows. */
    static double increase(double[] lossSums, double[] denseSums, int[] times) {
        double sum = 0;
        for (int w = 0; w < times.length; w++) {
            sum += times[w] * (lossSums[w] - denseSums[w]);
        }
        return sum;
    }

    private static long[] filled(int count, long value) {
        long[] values = new long[count];
        Arrays.fill(values, value);
        return values;
    }
}
