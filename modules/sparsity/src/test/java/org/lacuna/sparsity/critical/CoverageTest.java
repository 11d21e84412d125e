package org.lacuna.sparsity.critical;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;

@Execution(ExecutionMode.CONCURRENT)
class CoverageTest {
    private static final int TEST_SETS = 1000;

    /** 368 of 400 is 2.8 standard deviations of a count at 95 % below its mean. */
    @Test
    void linearCoversWhatItClaims() {
        int covered = covered(new PlantedPopulation(false), 64, 400).get(Estimator.LINEAR);
        assertTrue(covered >= 368, "covered " + covered + " of 400");
    }

    @ParameterizedTest
    @CsvSource({"64,normal", "32,normal", "16,normal", "64,skewed", "32,skewed", "16,skewed"})
    void theStatedCoverageIsWhatIsMeasured(int windows, String population) {
        PlantedPopulation planted = new PlantedPopulation(population.equals("skewed"));
        List<Coverage> stated = Coverage.LEVELS.stream().filter(c -> c.examples() == windows && c.population().equals(population)).toList();
        List<Coverage> measured = new ArrayList<>();
        covered(planted, windows, TEST_SETS).forEach((estimator, covered) -> measured.add(
                new Coverage(estimator.name().toLowerCase(Locale.ROOT), windows, population, covered, TEST_SETS)));
        assertEquals(measured, stated);
    }

    /** By estimator, how many test sets' intervals hold the population's level. */
    private static Map<Estimator, Integer> covered(PlantedPopulation planted, int windows, int sets) {
        Estimates truth = CriticalSparsity.of(planted.curve(), Bar.ONE_PERCENT);
        Map<Estimator, Integer> covered = new EnumMap<>(Estimator.class);
        SplittableRandom random = new SplittableRandom(windows);
        for (int set = 0; set < sets; set++) {
            WindowedCurve curve = planted.sample(windows, random.split());
            Map<Estimator, Interval> intervals = intervals(new PairedBootstrap(windows, 1000, set), curve);
            for (Estimator estimator : Estimator.values()) {
                double level = truth.by(estimator).sparsity();
                Interval interval = intervals.get(estimator);
                covered.merge(estimator, interval.low() <= level && level <= interval.high() ? 1 : 0, Integer::sum);
            }
        }
        return covered;
    }

    /** Each draw's curve is pooled once for all estimators: draws come in the same order every time. */
    private static Map<Estimator, Interval> intervals(PairedBootstrap bootstrap, WindowedCurve curve) {
        List<Estimates> drawn = new ArrayList<>();
        bootstrap.number(times -> {
            drawn.add(CriticalSparsity.of(curve.pooled(times), Bar.ONE_PERCENT));
            return 0;
        }, 0.95);
        Map<Estimator, Interval> intervals = new EnumMap<>(Estimator.class);
        for (Estimator estimator : Estimator.values()) {
            int[] next = {0};
            intervals.put(estimator, bootstrap.interval(times -> drawn.get(next[0]++).by(estimator), 0.95));
        }
        return intervals;
    }

    /** A large sample's curve is the population's: losses within 5 standard errors, sparsities too. */
    @ParameterizedTest
    @CsvSource({"false", "true"})
    void thePopulationsCurveIsTheMeanOfItsWindows(boolean skewed) {
        PlantedPopulation planted = new PlantedPopulation(skewed);
        int windows = 20_000;
        Curve sampled = planted.sample(windows, new SplittableRandom(5)).pooled();
        Curve truth = planted.curve();
        double root = Math.sqrt(windows);
        assertEquals(truth.denseLoss(), sampled.denseLoss(), 5 * 0.32 / root);
        Function<Curve, Function<Integer, Double>> excess = curve -> i -> curve.points().get(i).loss() - curve.denseLoss();
        for (int i = 0; i < truth.points().size(); i++) {
            double expected = excess.apply(truth).apply(i);
            assertEquals(expected, excess.apply(sampled).apply(i), 5 * (1.32 * expected + 0.006) / root + 1e-12);
            assertEquals(truth.points().get(i).sparsity(), sampled.points().get(i).sparsity(), 5 * 0.021 / root);
        }
        Estimates levels = CriticalSparsity.of(truth, Bar.ONE_PERCENT);
        // The bar lies at s = 0.24 (ln 1.01 / 0.01)^(1 / 3.5) = 0.2397, between the points of p = 0.96 and 0.95.
        assertEquals(Math.pow(0.04, 0.45), levels.grid().sparsity(), 1e-5);
        assertEquals(levels.grid(), levels.first());
        assertEquals(0.24 * Math.pow(Math.log(1.01) / 0.01, 1 / 3.5), levels.linear().sparsity(), 1e-3);
    }

    @Test
    void isStatedInWords() {
        assertEquals("first: 390 of 400 (64 windows, normal)", new Coverage("first", 64, "normal", 390, 400).inWords());
        assertEquals(0.975, new Coverage("first", 64, "normal", 390, 400).share());
        assertThrows(IllegalArgumentException.class, () -> new Coverage("grid", 64, "normal", 401, 400));
        assertThrows(IllegalArgumentException.class, () -> new FalseAlarms("grid", 64, "normal", -1, 400));
        assertEquals(0.05, new FalseAlarms("grid", 64, "normal", 20, 400).share());
    }
}
