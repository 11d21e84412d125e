package org.lacuna.sparsity.critical;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.lacuna.sparsity.critical.WindowedCurve.Point;
import org.lacuna.sparsity.statistics.PermutationTest.Result;
import org.lacuna.sparsity.statistics.Range;

class LevelExchangeTest {
    private static final Function<Curve, Level> LINEAR = curve -> CriticalSparsity.of(curve, Bar.ONE_PERCENT).linear();
    private static final Function<Curve, Level> FIRST = curve -> CriticalSparsity.of(curve, Bar.ONE_PERCENT).first();

    /**
     * Two windows, of 100 elements each. The first model keeps 20 of each where it is still good, the second 60 and 80: sparsities of 0.8 and 0.3. With the
     * first window exchanged they are (40 + 80) / 200 = 0.6 and 0.5, with the second 0.5 and 0.6, with both 0.3 and 0.8.
     */
    @Test
    void twoWindowsByHand() {
        WindowedCurve first = keeping(20, 20);
        WindowedCurve second = keeping(60, 80);
        Result result = LevelExchange.test(first, second, FIRST, 1, 0);
        assertEquals(0.5, result.seen().least(), 1e-15);
        assertEquals(1 / 4.0, result.greater());
        assertEquals(2 / 4.0, result.twoSided());
        assertEquals(4, result.arrangements());
        assertEquals(Level.at(0.6), FIRST.apply(first.exchanged(second, new boolean[] {true, false}).pooled()));
        assertEquals(Level.at(0.5), FIRST.apply(first.exchanged(second, new boolean[] {false, true}).pooled()));
        assertEquals(1, LevelExchange.test(second, first, FIRST, 1, 0).greater());
        assertEquals(2 / 4.0, LevelExchange.test(second, first, FIRST, 1, 0).twoSided());
    }

    /** A window's losses go with it: dense and with the rule. */
    @Test
    void anExchangeTakesTheWholeWindow() {
        WindowedCurve first = new WindowedCurve(new long[] {1, 1}, new long[] {9, 9}, new double[] {1, 2},
                List.of(new Point(0.5, new double[] {3, 4}, new long[] {5, 6})));
        WindowedCurve second = new WindowedCurve(new long[] {1, 1}, new long[] {9, 9}, new double[] {10, 20},
                List.of(new Point(0.5, new double[] {30, 40}, new long[] {7, 8})));
        Curve mixed = first.exchanged(second, new boolean[] {false, true}).pooled();
        assertEquals(new Curve(21 / 2.0, List.of(new CurvePoint(0.5, 43 / 2.0, 5 / 18.0))), mixed);
        assertEquals(first.pooled(), first.exchanged(second, new boolean[2]).pooled());
        assertEquals(second.pooled(), first.exchanged(second, new boolean[] {true, true}).pooled());
    }

    /** Texts that two models wrote under a rule are of other lengths. */
    @Test
    void aWindowTakesItsElementsWithIt() {
        WindowedCurve first = new WindowedCurve(new long[] {1, 1}, new long[][] {{10, 20}}, new double[2],
                List.of(new Point(0.5, new double[2], new long[] {5, 5})));
        WindowedCurve second = new WindowedCurve(new long[] {1, 1}, new long[][] {{30, 40}}, new double[2],
                List.of(new Point(0.5, new double[2], new long[] {3, 9})));
        assertEquals((10 + 40 - 14) / 50.0, first.exchanged(second, new boolean[] {false, true}).pooled().points().get(0).sparsity());
    }

    @Test
    void levelsThatAreMissingOrBoundsShowNothing() {
        // The second never breaks the bar: its level is anything from 0.3 to 1.
        WindowedCurve holds = curve(new long[] {60, 80}, 0);
        Result result = LevelExchange.test(keeping(20, 20), holds, FIRST, 1, 0);
        assertEquals(0.8 - 1, result.seen().least(), 1e-15);
        assertEquals(0.8 - 0.3, result.seen().most(), 1e-15);
        assertEquals(1, result.twoSided());
        Result none = LevelExchange.test(keeping(20, 20), keeping(60, 80), curve -> Level.NONE, 1, 0);
        assertEquals(new Range(-1, 1), none.seen());
        assertEquals(1, none.greater());
    }

    /** Two samples of one population differ by chance alone; a model that keeps 5 % of all elements fewer at the same losses is found. */
    @Test
    void keepsItsLevelAndFindsAPlantedDifference() {
        PlantedPopulation population = new PlantedPopulation(false);
        SplittableRandom random = new SplittableRandom(31);
        int tests = 200;
        int rejected = 0;
        int found = 0;
        for (int i = 0; i < tests; i++) {
            WindowedCurve a = population.sample(24, random.split());
            WindowedCurve b = population.sample(24, random.split());
            rejected += LevelExchange.test(a, b, LINEAR, 99, i).greater() <= 0.05 ? 1 : 0;
            found += LevelExchange.test(sparser(a), b, LINEAR, 99, i).greater() <= 0.05 ? 1 : 0;
        }
        assertEquals(0.05 * tests, rejected, 3.5 * Math.sqrt(0.05 * 0.95 * tests));
        assertTrue(found > 0.9 * tests, "found " + found);
    }

    @Test
    void moreThanSixteenWindowsAreDrawn() {
        PlantedPopulation population = new PlantedPopulation(false);
        WindowedCurve a = population.sample(17, new SplittableRandom(1));
        Result result = LevelExchange.test(a, a, LINEAR, 49, 5);
        assertEquals(new Result(new Range(0, 0), 1, 1, false, 49, 5), result);
    }

    @Test
    void refusesCurvesThatAreNotOfTheSameWindows() {
        WindowedCurve curve = keeping(20, 20);
        WindowedCurve otherGrid = new WindowedCurve(new long[] {1, 1}, new long[] {100, 100}, new double[2],
                List.of(new Point(0.9, new double[2], new long[2]), new Point(0.1, new double[2], new long[2])));
        assertThrows(IllegalArgumentException.class, () -> LevelExchange.test(curve, otherGrid, FIRST, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> LevelExchange.test(curve, curve.over(new double[] {1, 2}), FIRST, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> curve.exchanged(curve, new boolean[3]));
    }

    private static WindowedCurve keeping(long... kept) {
        return curve(kept, 1);
    }

    /** Good where it keeps so many, and so much worse where it keeps none. */
    private static WindowedCurve curve(long[] kept, double worse) {
        return new WindowedCurve(new long[] {1, 1}, new long[] {100, 100}, new double[] {2, 2},
                List.of(new Point(1, new double[] {2, 2}, kept), new Point(0, new double[] {2 + worse, 2 + worse}, worse == 0 ? kept : new long[2])));
    }

    /** As the curve measured, with 5 % of all elements less kept at the same losses. */
    private static WindowedCurve sparser(WindowedCurve curve) {
        int windows = curve.windows();
        long[] tokens = new long[windows];
        long[] elements = new long[windows];
        double[] dense = new double[windows];
        List<double[]> losses = new ArrayList<>();
        List<long[]> kept = new ArrayList<>();
        Curve.PAPER_GRID.forEach(p -> {
            losses.add(new double[windows]);
            kept.add(new long[windows]);
        });
        for (int w = 0; w < windows; w++) {
            int[] only = new int[windows];
            only[w] = 1;
            Curve one = curve.pooled(only);
            tokens[w] = 128;
            elements[w] = 128_000;
            dense[w] = 128 * one.denseLoss();
            for (int i = 0; i < losses.size(); i++) {
                losses.get(i)[w] = 128 * one.points().get(i).loss();
                kept.get(i)[w] = Math.max(0, Math.round(128_000 * (1 - one.points().get(i).sparsity() - 0.05)));
            }
        }
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < losses.size(); i++) {
            points.add(new Point(Curve.PAPER_GRID.get(i), losses.get(i), kept.get(i)));
        }
        return new WindowedCurve(tokens, elements, dense, points);
    }
}
