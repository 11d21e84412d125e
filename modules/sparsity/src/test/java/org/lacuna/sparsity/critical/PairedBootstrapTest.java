package org.lacuna.sparsity.critical;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;
import org.lacuna.sparsity.critical.PairedBootstrap.Statistic;
import org.lacuna.sparsity.critical.WindowedCurve.Point;

class PairedBootstrapTest {
    private static final int WINDOWS = 48;

    private final PairedBootstrap bootstrap = new PairedBootstrap(WINDOWS, 1000, 11);

    @Test
    void aDrawHasAsManyWindowsAsThereAreAndIsTheSameForAll() {
        List<int[]> seenFirst = new ArrayList<>();
        List<int[]> seenThen = new ArrayList<>();
        bootstrap.interval(times -> {
            assertEquals(WINDOWS, Arrays.stream(times).sum());
            seenFirst.add(times.clone());
            return Level.at(0);
        }, 0.95);
        bootstrap.difference(times -> {
            seenThen.add(times.clone());
            return Level.at(0);
        }, times -> {
            assertArrayEquals(seenThen.get(seenThen.size() - 1), times);
            return Level.at(0);
        }, 0.95);
        assertEquals(1000, seenFirst.size());
        for (int i = 0; i < 1000; i++) {
            assertArrayEquals(seenFirst.get(i), seenThen.get(i));
        }
        assertTrue(seenFirst.stream().map(Arrays::toString).distinct().count() > 990, "draws differ");
    }

    @Test
    void theSeedDecides() {
        Statistic statistic = critical(curve(1, 0));
        assertEquals(bootstrap.interval(statistic, 0.95), new PairedBootstrap(WINDOWS, 1000, 11).interval(statistic, 0.95));
        assertNotEquals(bootstrap.interval(statistic, 0.95), new PairedBootstrap(WINDOWS, 1000, 12).interval(statistic, 0.95));
    }

    @Test
    void anyNumbersIntervalLeavesOutAsManyDrawsAtEitherEnd() {
        double[] seen = new double[1000];
        int[] at = new int[1];
        Interval interval = bootstrap.number(times -> seen[at[0]++] = 3.0 * times[0] - times[1], 0.9);
        Arrays.sort(seen);
        assertEquals(new Interval(seen[50], seen[949], 0.9, 1000, 0, 0), interval);
    }

    /** A mean's bootstrap interval is its normal one: mean ± 1.96 standard deviations / sqrt(windows). */
    @Test
    void theIntervalOfAMeanIsTheNormalOne() {
        int windows = 400;
        SplittableRandom random = new SplittableRandom(3);
        double[] values = random.doubles(windows).toArray();
        double mean = Arrays.stream(values).average().orElseThrow();
        double deviation = Math.sqrt(Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / windows);
        Interval interval = new PairedBootstrap(windows, 10_000, 1).interval(times -> {
            double sum = 0;
            for (int w = 0; w < windows; w++) {
                sum += times[w] * values[w];
            }
            return Level.at(sum / windows);
        }, 0.95);
        double half = 1.96 * deviation / Math.sqrt(windows);
        assertEquals(mean - half, interval.low(), 0.05 * half);
        assertEquals(mean + half, interval.high(), 0.05 * half);
        assertEquals(0.95, interval.confidence());
        assertEquals(10_000, interval.replicates());
        assertEquals(0, interval.none() + interval.atLeast());
    }

    @Test
    void dropsTheSameNumberAtEitherEnd() {
        // Draw i has the level i / 1000: 25 below the one end, 25 above the other; 50 at 90 %.
        int[] next = {0};
        Statistic counting = times -> Level.at(next[0]++ % 1000 / 1000.0);
        assertEquals(new Interval(0.025, 0.974, 0.95, 1000, 0, 0), bootstrap.interval(counting, 0.95));
        assertEquals(new Interval(0.05, 0.949, 0.9, 1000, 0, 0), bootstrap.interval(counting, 0.9));
    }

    @Test
    void pairingCancelsWhatTheWindowsShare() {
        // The second model stands 10 % more on every window: each alone varies with the draw, the difference of equals does not.
        Statistic one = critical(curve(1, 0));
        Statistic other = critical(curve(1, 0.1));
        Interval alone = bootstrap.interval(one, 0.95);
        assertTrue(alone.high() - alone.low() > 0.01, () -> alone.toString());
        assertEquals(new Interval(0, 0, 0.95, 1000, 0, 0), bootstrap.difference(one, one, 0.95));
        Interval difference = bootstrap.difference(other, one, 0.95);
        assertEquals(0.1, difference.low(), 1e-12);
        assertEquals(0.1, difference.high(), 1e-12);
    }

    @Test
    void theReferenceOfAnAbsoluteQualityIsDrawnToo() {
        // The control is the same model: on every draw its dense loss is the curve's, so 1 % more loss is one level, whatever is drawn.
        WindowedCurve curve = curve(2, 0);
        Interval interval = bootstrap.interval(
                times -> AbsoluteQuality.of(curve.pooled(times), curve.pooled(times).denseLoss(), 1.01).linear(), 0.95);
        double fixed = curve.pooled().denseLoss();
        Interval notDrawn = bootstrap.interval(times -> AbsoluteQuality.of(curve.pooled(times), fixed, 1.01).linear(), 0.95);
        assertEquals(0, interval.none());
        assertTrue(notDrawn.none() > 100, () -> notDrawn.toString());
    }

    @Test
    void drawsWithoutALevelCountAsNothingLeftOut() {
        assertEquals(new Interval(0, 0.5, 0.95, 1000, 100, 0), bootstrap.interval(everyTenth(Level.NONE), 0.95));
        assertEquals(new Interval(0.5, 0.5, 0.75, 1000, 100, 0), bootstrap.interval(everyTenth(Level.NONE), 0.75));
    }

    @Test
    void aLowerBoundWidensOnlyTheUpperEnd() {
        assertEquals(new Interval(0.5, 1, 0.95, 1000, 0, 100), bootstrap.interval(everyTenth(Level.atLeast(0.6)), 0.95));
        assertEquals(new Interval(0.4, 1, 0.95, 1000, 0, 100), bootstrap.interval(everyTenth(Level.atLeast(0.4)), 0.95));
    }

    @Test
    void whatADrawDoesNotSayWidensADifference() {
        Statistic half = times -> Level.at(0.5);
        assertEquals(new Interval(-1, 1, 0.95, 1000, 100, 0), bootstrap.difference(everyTenth(Level.NONE), half, 0.95));
        assertEquals(new Interval(-1, 1, 0.95, 1000, 100, 0), bootstrap.difference(half, everyTenth(Level.NONE), 0.95));
        assertEquals(new Interval(0, 0.5, 0.95, 1000, 0, 100), bootstrap.difference(everyTenth(Level.atLeast(0.75)), half, 0.95));
        assertEquals(new Interval(-0.5, 0, 0.95, 1000, 0, 100), bootstrap.difference(half, everyTenth(Level.atLeast(0.75)), 0.95));
        Statistic bound = times -> Level.atLeast(0.75);
        assertEquals(new Interval(-0.25, 0.25, 0.95, 1000, 0, 1000), bootstrap.difference(bound, bound, 0.95));
        assertEquals(new Interval(-1, 1, 0.95, 1000, 1000, 0), bootstrap.difference(bound, times -> Level.NONE, 0.95));
    }

    @Test
    void levelsThatWereComputedBeforeGiveTheSameDifference() {
        Statistic one = critical(curve(1, 0));
        Statistic other = critical(curve(2, 0.1));
        List<Level> levels = bootstrap.levels(one);
        assertEquals(1000, levels.size());
        assertEquals(bootstrap.interval(one, 0.95), bootstrap.interval(levels, 0.95));
        assertEquals(bootstrap.difference(other, one, 0.95), bootstrap.difference(bootstrap.levels(other), levels, 0.95));
        assertEquals(new Interval(-1, 1, 0.95, 1000, 1000, 0), bootstrap.difference(levels, bootstrap.levels(times -> Level.NONE), 0.95));
        assertThrows(IllegalArgumentException.class, () -> bootstrap.difference(levels, levels.subList(1, 1000), 0.95));
    }

    /** 1,000 documents of which all are right: 10 may be lost, so where none is the bar surely holds, and where all are it surely does not. */
    @Test
    void aCrossingLiesBetweenTheLastPointThatSurelyHoldsAndTheFirstThatSurelyDoesNot() {
        PairedBootstrap bootstrap = new PairedBootstrap(1000, 200, 1);
        assertEquals(new Interval(0.4, 0.6, 0.95, 200, 0, 0), bootstrap.crossing(lost(1000, 0, 0, 1000, 1000), 0.99, at -> false, 0.95));
        assertEquals(new Interval(0, 0.2, 0.95, 200, 200, 0), bootstrap.crossing(lost(1000, 1000, 1000), 0.99, at -> false, 0.95));
        assertEquals(new Interval(0.4, 1, 0.95, 200, 0, 200), bootstrap.crossing(lost(1000, 0, 0), 0.99, at -> false, 0.95));
    }

    /** Of 2 documents one is lost at the second point: a quarter of the draws have the other twice and hold the bar there, and so it is at the third. */
    @Test
    void aCrossingsUpperEndIsAsFarAsDrawsDisagree() {
        PairedBootstrap two = new PairedBootstrap(2, 1000, 1);
        WindowedCurve curve = lost(2, 0, 1, 1, 2, 2);
        assertEquals(new Interval(0, 0.8, 0.95, 1000, 0, 0), two.crossing(curve, 0.99, at -> false, 0.95));
        assertEquals(new Interval(0.2, 0.8, 0.95, 1000, 0, 0), two.crossing(curve, 0.99, at -> at == 0, 0.95), "nothing is left out at the first");
        // 40 % at either end are more than a quarter: at the second point the bar counts as broken.
        assertEquals(new Interval(0.2, 0.4, 0.2, 1000, 0, 0), two.crossing(curve, 0.99, at -> at == 0, 0.2));
        assertThrows(IllegalArgumentException.class, () -> two.crossing(curve, 0.99, at -> false, 1));
    }

    /**
     * Of n documents that are all right none is lost. The bar leaves n / 0.99 − n = n / 99 to lose, which is more than an exponentially distributed number with
     * 1 − exp(−n / 99): with 97.5 % from n = 99 ln 40 = 365.2 on, with 60 % from 99 ln 2.5 = 90.7.
     */
    @ParameterizedTest
    @CsvSource({"365, 0.95, false", "366, 0.95, true", "90, 0.2, false", "91, 0.2, true"})
    void thatNoneIsLostOfFewDocumentsProvesLittle(int documents, double confidence, boolean surely) {
        Interval interval = new PairedBootstrap(documents, 1000, 1).crossing(lost(documents, 0, documents), 0.99, at -> false, confidence);
        assertEquals(surely ? 0.2 : 0, interval.low());
        assertEquals(0.4, interval.high());
    }

    /** A document that weighs ten times as much as each of 1,000 others: they leave 10.2 to lose, which it is once, and with 1 − exp(−1.02) = 64 % not more. */
    @Test
    void theHeaviestDocumentIsTheOneThatMayBeLost() {
        PairedBootstrap bootstrap = new PairedBootstrap(1001, 1000, 1);
        double[] weights = new double[1001];
        Arrays.fill(weights, 1);
        assertEquals(0.2, bootstrap.crossing(weighted(weights), 0.99, at -> false, 0.95).low());
        weights[1000] = 10;
        assertEquals(0, bootstrap.crossing(weighted(weights), 0.99, at -> false, 0.95).low());
        assertEquals(0.2, bootstrap.crossing(weighted(weights), 0.99, at -> false, 0.2).low());
    }

    /** All right, without a rule and at the only point. */
    private static WindowedCurve weighted(double[] weights) {
        long[] tens = new long[weights.length];
        Arrays.fill(tens, 10);
        long[] ones = new long[weights.length];
        Arrays.fill(ones, 1);
        long[] eights = new long[weights.length];
        Arrays.fill(eights, 8);
        return new WindowedCurve(ones, tens, weights, List.of(new Point(0.5, weights, eights))).over(weights);
    }

    /** All right without a rule; how many of the first are not at the points, at sparsities of 0.2, 0.4, … */
    private static WindowedCurve lost(int documents, int... lost) {
        double[][] right = new double[lost.length][documents];
        for (int i = 0; i < lost.length; i++) {
            Arrays.fill(right[i], lost[i], documents, 1);
        }
        return answers(right);
    }

    /** All right without a rule; at the points, by document, at sparsities of 0.2, 0.4, … */
    private static WindowedCurve answers(double[][] right) {
        int documents = right[0].length;
        long[] ones = new long[documents];
        Arrays.fill(ones, 1);
        long[] elements = new long[documents];
        Arrays.fill(elements, 10);
        double[] dense = new double[documents];
        Arrays.fill(dense, 1);
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < right.length; i++) {
            long[] kept = new long[documents];
            Arrays.fill(kept, 8 - 2 * i);
            points.add(new Point(1 - 0.2 * i, right[i], kept));
        }
        return new WindowedCurve(ones, elements, dense, points);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1, -0.5, Double.NaN})
    void refusesAConfidenceThatIsNone(double confidence) {
        assertThrows(IllegalArgumentException.class, () -> bootstrap.interval(times -> Level.at(0), confidence));
    }

    @Test
    void refusesNoWindowsAndNoReplicates() {
        assertThrows(IllegalArgumentException.class, () -> new PairedBootstrap(0, 10, 1));
        assertThrows(IllegalArgumentException.class, () -> new PairedBootstrap(10, 0, 1));
    }

    private static Statistic critical(WindowedCurve curve) {
        return times -> CriticalSparsity.of(curve.pooled(times), Bar.ONE_PERCENT).linear();
    }

    /** That level on every tenth draw, 0.5 on the others. */
    private static Statistic everyTenth(Level level) {
        int[] next = {0};
        return times -> next[0]++ % 10 == 0 ? level : Level.at(0.5);
    }

    /**
     * Windows of 128 tokens with dense losses of a nat or two, all the same from window to window but for a factor; sparsities 0.1 to 0.7, a shift
     * more, at losses that rise by a window's own slope.
     */
    private static WindowedCurve curve(double level, double shift) {
        SplittableRandom random = new SplittableRandom(8);
        long[] tokens = new long[WINDOWS];
        long[] elements = new long[WINDOWS];
        double[] dense = new double[WINDOWS];
        double[][] losses = new double[7][WINDOWS];
        long[][] kept = new long[7][WINDOWS];
        for (int w = 0; w < WINDOWS; w++) {
            tokens[w] = 128;
            elements[w] = 100_000;
            dense[w] = 128 * level * (1 + 0.5 * random.nextDouble());
            double slope = 0.05 * random.nextDouble();
            for (int i = 0; i < 7; i++) {
                losses[i][w] = dense[w] + 128 * slope * i * i / 9;
                kept[i][w] = Math.round(elements[w] * (0.9 - 0.1 * i - shift));
            }
        }
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            points.add(new Point(1 - 0.1 * i, losses[i], kept[i]));
        }
        return new WindowedCurve(tokens, elements, dense, points);
    }
}
