package org.lacuna.sparsity.critical;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lacuna.sparsity.critical.WindowedCurve.Point;

class WindowedCurveTest {
    /** Windows of 10, 30 and 10 scored tokens, the second also three times as many elements. */
    private final WindowedCurve curve = new WindowedCurve(new long[] {10, 30, 10}, new long[] {100, 300, 100}, new double[] {20, 90, 10},
            List.of(new Point(1, new double[] {20, 90, 10}, new long[] {100, 300, 100}),
                    new Point(0.5, new double[] {40, 100, Double.POSITIVE_INFINITY}, new long[] {60, 100, 0})));

    @Test
    void meansAreOverAllTokensAndAllElementsNotOverWindows() {
        Curve pooled = curve.pooled();
        assertEquals(120 / 50.0, pooled.denseLoss());
        assertEquals(new CurvePoint(1, 120 / 50.0, 0), pooled.points().get(0));
        assertEquals(new CurvePoint(0.5, Double.POSITIVE_INFINITY, 340 / 500.0), pooled.points().get(1));
    }

    @Test
    void aDrawWeighsWindowsAndIgnoresThoseNotDrawn() {
        Curve drawn = curve.pooled(new int[] {2, 1, 0});
        assertEquals(130 / 50.0, drawn.denseLoss());
        assertEquals(new CurvePoint(0.5, 180 / 50.0, 280 / 500.0), drawn.points().get(1));
    }

    /** What a model writes under a rule has as many tokens as it gets, other ones at every p. */
    @Test
    void elementsMayDifferFromPointToPoint() {
        WindowedCurve written = new WindowedCurve(new long[] {1, 1}, new long[][] {{100, 300}, {40, 360}}, new double[] {1, 0},
                List.of(new Point(1, new double[] {1, 0}, new long[] {100, 300}), new Point(0.5, new double[] {1, 1}, new long[] {10, 90})));
        assertEquals(List.of(new CurvePoint(1, 0.5, 0), new CurvePoint(0.5, 1, 0.75)), written.pooled().points());
        assertEquals(new CurvePoint(0.5, 1, 1 - 110 / 440.0), written.pooled(new int[] {2, 1}).points().get(1));
        assertThrows(IllegalArgumentException.class, () -> new WindowedCurve(new long[] {1}, new long[][] {{4}, {4}}, new double[] {1},
                List.of(new Point(1, new double[] {1}, new long[] {3}))));
        assertThrows(IllegalArgumentException.class, () -> new WindowedCurve(new long[] {1}, new long[][] {{2}}, new double[] {1},
                List.of(new Point(1, new double[] {1}, new long[] {3}))));
        assertThrows(IllegalArgumentException.class, () -> new WindowedCurve(new long[] {1}, new long[][] {{0}}, new double[] {1},
                List.of(new Point(1, new double[] {1}, new long[] {0}))));
    }

    @Test
    void laterChangesOfTheArraysDoNotReachIt() {
        long[] tokens = {1};
        double[] losses = {2};
        long[] kept = {3};
        WindowedCurve small = new WindowedCurve(tokens, new long[] {4}, new double[] {2}, List.of(new Point(1, losses, kept)));
        tokens[0] = 9;
        losses[0] = 9;
        kept[0] = 0;
        assertEquals(new CurvePoint(1, 2, 0.25), small.pooled().points().get(0));
        assertEquals(1, small.windows());
    }

    @Test
    void refusesWhatCannotHaveBeenMeasured() {
        long[] one = {1};
        double[] loss = {1};
        List<Point> points = List.of(new Point(1, loss, one));
        assertRefused(new long[0], new long[0], new double[0], points);
        assertRefused(one, new long[2], loss, points);
        assertRefused(new long[1], one, loss, points);
        assertRefused(one, new long[1], loss, points);
        assertRefused(one, one, new double[] {Double.NaN}, points);
        assertRefused(one, one, loss, List.of());
        assertRefused(one, one, loss, List.of(new Point(1, new double[2], one)));
        assertRefused(one, one, loss, List.of(new Point(1, new double[] {Double.NaN}, one)));
        assertRefused(one, one, loss, List.of(new Point(1, loss, new long[] {2})));
        assertRefused(one, one, loss, List.of(new Point(1, loss, new long[] {-1})));
        assertThrows(IllegalArgumentException.class, () -> curve.pooled(new int[] {1, 1}));
    }

    private static void assertRefused(long[] tokens, long[] elements, double[] dense, List<Point> points) {
        assertThrows(IllegalArgumentException.class, () -> new WindowedCurve(tokens, elements, dense, points));
    }

    /** As a document has none whose answer ends before the rule begins. */
    @Test
    void aWindowWithoutElementsCountsInTheLossAlone() {
        WindowedCurve curve = new WindowedCurve(new long[] {1, 1}, new long[] {0, 10}, new double[] {1, 3}, List.of(new WindowedCurve.Point(0.5, new double[] {2, 4}, new long[] {0, 4})));
        assertEquals(0.6, curve.pooled().points().get(0).sparsity(), 1e-15);
        assertEquals(3, curve.pooled().points().get(0).loss(), 1e-15);
        assertEquals(0, curve.pooled(new int[] {2, 0}).points().get(0).sparsity());
        assertEquals(2, curve.pooled(new int[] {2, 0}).points().get(0).loss(), 1e-15);
        String message = assertThrows(IllegalArgumentException.class, () -> new WindowedCurve(new long[] {1}, new long[] {0}, new double[] {1},
                List.of(new WindowedCurve.Point(0.5, new double[] {2}, new long[] {0})))).getMessage();
        assertEquals("the point at p = 0.5 has no elements", message);
    }
}
