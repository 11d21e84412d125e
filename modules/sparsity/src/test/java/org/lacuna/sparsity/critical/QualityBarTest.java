package org.lacuna.sparsity.critical;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.lacuna.sparsity.critical.QualityBar.Better;
import org.lacuna.sparsity.critical.QualityBar.Relation;
import org.lacuna.sparsity.critical.QualityBar.Scale;
import org.lacuna.sparsity.critical.WindowedCurve.Point;

class QualityBarTest {

    /** The two old bars word for word, on curves that go up and down: every bit. */
    @Test
    void perplexityAndAbsoluteQualityAreWhatTheyAreDefinedAs() {
        SplittableRandom random = new SplittableRandom(4);
        for (int round = 0; round < 2000; round++) {
            double dense = 3 * random.nextDouble() - 0.5;
            List<CurvePoint> points = new ArrayList<>();
            for (int i = 0; i < 1 + random.nextInt(12); i++) {
                // Sparsities of a coarse grid, so that some are equal; a few losses that overflow the ratio.
                double loss = random.nextInt(15) == 0 ? 800 + i : dense + 0.02 * random.nextDouble() - 0.002;
                points.add(new CurvePoint(1 - 0.01 * i, loss, random.nextInt(10) / 10.0));
            }
            Curve curve = new Curve(dense, points);
            points.sort(Comparator.comparingDouble(CurvePoint::sparsity).thenComparingDouble(CurvePoint::loss));
            double[] ratios = points.stream().mapToDouble(point -> Math.exp(point.loss() - dense)).toArray();
            assertEquals(defined(points, ratios, 1.01), CriticalSparsity.of(curve, Bar.ONE_PERCENT));
            assertEquals(defined(points, ratios, 1.01), QualityBar.perplexity(Bar.ONE_PERCENT).levels(curve));
            double reference = 0.1 + Math.abs(dense);
            double[] losses = points.stream().mapToDouble(CurvePoint::loss).toArray();
            assertEquals(defined(points, losses, reference * 1.05), AbsoluteQuality.of(curve, reference, 1.05));
        }
    }

    private static Estimates defined(List<CurvePoint> points, double[] costs, double limit) {
        int last = points.size() - 1;
        Level grid = Level.NONE;
        for (int i = 0; i <= last; i++) {
            if (costs[i] <= limit) {
                grid = i == last ? Level.atLeast(points.get(i).sparsity()) : Level.at(points.get(i).sparsity());
            }
        }
        for (int i = 0; i <= last; i++) {
            if (costs[i] > limit) {
                if (i == 0) {
                    return new Estimates(grid, Level.NONE, Level.NONE);
                }
                double from = points.get(i - 1).sparsity();
                double way = (limit - costs[i - 1]) / (costs[i] - costs[i - 1]);
                return new Estimates(grid, Level.at(from), Level.at(from + way * (points.get(i).sparsity() - from)));
            }
        }
        Level end = Level.atLeast(points.get(last).sparsity());
        return new Estimates(grid, end, end);
    }

    /** 8 examples, 4 right without a rule; with it 4, 3 and 1: 99 % of 0.5 lies 1/25 of the way from 0.5 to 0.375. */
    @Test
    void accuracyCountsEveryExampleAlike() {
        double[][] right = {{1, 1, 0, 1, 0, 1, 0, 0}, {1, 1, 0, 1, 1, 0, 0, 0}, {1, 1, 0, 1, 0, 0, 0, 0}, {0, 0, 0, 0, 1, 0, 0, 0}};
        Curve curve = examples(right).pooled();
        assertEquals(0.5, curve.denseLoss());
        Estimates levels = QualityBar.accuracy(0.99).levels(curve);
        assertEquals(Level.at(0.1), levels.grid());
        assertEquals(Level.at(0.1), levels.first());
        assertEquals(0.1 + 0.2 / 25, levels.linear().sparsity(), 1e-12);
        assertEquals(Level.at(0.3), QualityBar.accuracy(0.75).levels(curve).first());
    }

    /** In windows of unequal size the mean is over examples, not windows: 9 of 10 and 0 of 2 are 0.75. */
    @Test
    void accuracyIsMicroAveraged() {
        Curve curve = new WindowedCurve(new long[] {10, 2}, new long[] {50, 50}, new double[] {9, 0},
                List.of(new Point(1, new double[] {7, 2}, new long[] {50, 50}))).pooled();
        assertEquals(0.75, curve.denseLoss());
        assertEquals(Level.atLeast(0), QualityBar.accuracy(1).levels(curve).grid());
    }

    /** At least a share of the accuracy is at most an error of 1 - share × accuracy. */
    @Test
    void largerIsBetterIsSmallerOfTheRest() {
        SplittableRandom random = new SplittableRandom(9);
        for (int round = 0; round < 300; round++) {
            double[][] right = new double[6][64];
            double[][] wrong = new double[6][64];
            for (int i = 0; i < right.length; i++) {
                for (int w = 0; w < 64; w++) {
                    right[i][w] = random.nextDouble() < 0.8 - 0.05 * i ? 1 : 0;
                    wrong[i][w] = 1 - right[i][w];
                }
            }
            Curve errors = examples(wrong).pooled();
            Estimates byError = AbsoluteQuality.of(errors, 1 - 0.9 * (1 - errors.denseLoss()), 1);
            Estimates levels = QualityBar.accuracy(0.9).levels(examples(right).pooled());
            assertEquals(byError.grid(), levels.grid());
            assertEquals(byError.first(), levels.first());
            assertEquals(byError.linear().kind(), levels.linear().kind());
            if (levels.linear().kind() != Level.Kind.NONE) {
                assertEquals(byError.linear().sparsity(), levels.linear().sparsity(), 1e-12);
            }
        }
    }

    @Test
    void equalSparsitiesGoByFallingScore() {
        Curve curve = new Curve(1, List.of(new CurvePoint(1, 0.2, 0.4), new CurvePoint(0.9, 1, 0.4)));
        Level level = Level.at(0.4);
        assertEquals(new Estimates(level, level, level), QualityBar.accuracy(0.99).levels(curve));
    }

    /** Windows of 10 tokens in 40 and 20 bytes. Bits a byte: nats / 60 / ln 2. */
    @Test
    void bitsAByteAreOverBytes() {
        WindowedCurve nats = new WindowedCurve(new long[] {10, 10}, new long[] {10, 10}, new double[] {30, 12},
                List.of(new Point(1, new double[] {30, 12}, new long[] {9, 9}), new Point(0.5, new double[] {31.5, 12.6}, new long[] {5, 5})));
        Curve perByte = nats.over(new double[] {40, 20}).pooled();
        assertEquals(0.7, perByte.denseLoss(), 1e-15);
        // 1 % of a rise of 5 % is a fifth of the way from 0.1 to 0.5.
        assertEquals(0.18, QualityBar.bitsPerByte(1.01).levels(perByte).linear().sparsity(), 1e-12);
        double bits = 0.7 / Math.log(2);
        QualityBar absolute = new QualityBar(Scale.BITS, Better.SMALLER, Relation.ABSOLUTE, bits * 1.025);
        assertEquals(0.3, absolute.levels(perByte).linear().sparsity(), 1e-12);
        // Over a draw: only the first window.
        assertEquals(0.75, nats.over(new double[] {40, 20}).pooled(new int[] {2, 0}).denseLoss());
    }

    /** Squared errors of 1 + 4 over squared outputs of 100 + 25: sqrt(0.04) = 0.2, though the windows' own are 0.1 and 0.4. */
    @Test
    void theFrobeniusErrorIsOfAllWindowsTogether() {
        WindowedCurve squares = new WindowedCurve(new long[] {1, 1}, new long[] {10, 10}, new double[2],
                List.of(new Point(1, new double[2], new long[] {10, 10}), new Point(0.5, new double[] {1, 4}, new long[] {4, 4})));
        Curve curve = squares.over(new double[] {100, 25}).pooled();
        assertEquals(Level.atLeast(0.6), QualityBar.frobeniusError(0.2).levels(curve).linear());
        assertEquals(0.3, QualityBar.frobeniusError(0.1).levels(curve).linear().sparsity(), 1e-12);
        assertEquals(Level.at(0), QualityBar.frobeniusError(0).levels(curve).linear());
    }

    /** Two windows of 2 tokens whose relative errors are 0.1, 0.3 and 0.2, 0.6: CETT 0.3, half of it half way. */
    @Test
    void cettIsTheMeanOverTokens() {
        Curve curve = new WindowedCurve(new long[] {2, 2}, new long[] {10, 10}, new double[2],
                List.of(new Point(1, new double[2], new long[] {10, 10}), new Point(0.5, new double[] {0.1 + 0.3, 0.2 + 0.6}, new long[] {2, 2}))).pooled();
        assertEquals(0.4, QualityBar.outputError(0.15).levels(curve).linear().sparsity(), 1e-12);
        assertEquals(Level.at(0), QualityBar.outputError(0.15).levels(curve).grid());
    }

    @Test
    void anAbsolutePerplexityAndARelativeOneAgree() {
        Curve curve = new Curve(2, List.of(new CurvePoint(1, 2, 0.2), new CurvePoint(0.5, 2.5, 0.6)));
        QualityBar absolute = new QualityBar(Scale.EXP, Better.SMALLER, Relation.ABSOLUTE, 1.3 * Math.exp(2));
        assertEquals(QualityBar.perplexity(new Bar(1.3)).levels(curve).linear().sparsity(), absolute.levels(curve).linear().sparsity(), 1e-12);
    }

    /** A point by itself has a level exactly where its mean holds the bar. */
    @Test
    void holdsIsWhatLevelsAskOfEachPoint() {
        SplittableRandom random = new SplittableRandom(12);
        int held = 0;
        for (int i = 0; i < 2000; i++) {
            double dense = random.nextDouble();
            double mean = dense + 0.02 * (random.nextInt(3) - 1) * random.nextInt(2);
            for (QualityBar bar : List.of(QualityBar.accuracy(0.99), QualityBar.perplexity(Bar.ONE_PERCENT), QualityBar.bitsPerByte(1.01), QualityBar.outputError(0.5))) {
                boolean level = bar.levels(new Curve(dense, List.of(new CurvePoint(0.5, mean, 0.5)))).grid().kind() != Level.Kind.NONE;
                assertEquals(level, bar.holds(mean, dense), bar + " " + mean + " " + dense);
                held += level ? 1 : 0;
            }
        }
        assertTrue(held > 2000 && held < 7500, "held " + held);
    }

    @Test
    void refusesBarsThatAreNoneAndMeansThatDoNotFit() {
        for (double bar : new double[] {0.99, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThrows(IllegalArgumentException.class, () -> QualityBar.bitsPerByte(bar));
        }
        for (double bar : new double[] {0, -1, 1.01, Double.NaN}) {
            assertThrows(IllegalArgumentException.class, () -> QualityBar.accuracy(bar));
        }
        assertThrows(IllegalArgumentException.class, () -> QualityBar.outputError(Double.NaN));
        Curve negative = new Curve(-1, List.of(new CurvePoint(1, -1, 0)));
        assertThrows(IllegalArgumentException.class, () -> QualityBar.frobeniusError(0.1).levels(negative));
        String message = assertThrows(IllegalArgumentException.class, () -> QualityBar.accuracy(0.99).levels(negative)).getMessage();
        assertTrue(message.contains("-1"), message);
        WindowedCurve two = examples(new double[][] {{1, 0}, {1, 0}});
        assertThrows(IllegalArgumentException.class, () -> two.over(new double[] {1}));
        assertThrows(IllegalArgumentException.class, () -> two.over(new double[] {1, 0}));
        assertThrows(IllegalArgumentException.class, () -> two.over(new double[] {1, Double.NaN}));
    }

    /** Windows of one example: the first row without a rule, then with one at sparsities 0.1, 0.3, 0.5, … */
    private static WindowedCurve examples(double[][] scores) {
        int examples = scores[0].length;
        long[] one = new long[examples];
        long[] elements = new long[examples];
        Arrays.fill(one, 1);
        Arrays.fill(elements, 20);
        List<Point> points = new ArrayList<>();
        for (int i = 1; i < scores.length; i++) {
            long[] kept = new long[examples];
            Arrays.fill(kept, 22 - 4L * i);
            points.add(new Point(1 - 0.1 * i, scores[i], kept));
        }
        return new WindowedCurve(one, elements, scores[0], points);
    }
}
