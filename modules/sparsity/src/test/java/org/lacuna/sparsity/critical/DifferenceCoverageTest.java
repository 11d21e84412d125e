package org.lacuna.sparsity.critical;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;
import org.lacuna.sparsity.critical.PairedBootstrap.Statistic;
import org.lacuna.sparsity.statistics.PermutationTest;

/** What {@link Coverage} and {@link FalseAlarms} state of two models on the same windows or documents, simulated again. */
@Execution(ExecutionMode.CONCURRENT)
class DifferenceCoverageTest {
    private static final int TEST_SETS = 400;
    /** A count at 95 % is below it, or one at 5 % above its complement, once in 400 times: 2.8 standard deviations. */
    private static final int LEAST = 368;
    private static final int EXCHANGES = 199;
    private static final IntPredicate ALL_KEPT = at -> Curve.PAPER_GRID.get(at) == 1;

    @ParameterizedTest
    @CsvSource({"64,normal", "32,normal", "16,normal", "64,skewed", "32,skewed", "16,skewed"})
    void statedDifferencesAreWhatIsMeasured(int windows, String population) {
        Map<String, Integer> measured = differences(windows, population);
        assertEquals(stated(Coverage.DIFFERENCES, windows, population), measured);
        assertTrue(measured.get("linear") >= LEAST, measured::toString);
    }

    static Map<String, Integer> differences(int windows, String population) {
        boolean skewed = population.equals("skewed");
        List<PlantedPopulation> pair = List.of(new PlantedPopulation(skewed, 0.29), new PlantedPopulation(skewed));
        Estimates a = CriticalSparsity.of(pair.get(0).curve(), Bar.ONE_PERCENT);
        Estimates b = CriticalSparsity.of(pair.get(1).curve(), Bar.ONE_PERCENT);
        assertTrue(a.linear().sparsity() - b.linear().sparsity() > 0.04);
        Map<String, Integer> covered = new LinkedHashMap<>();
        SplittableRandom random = new SplittableRandom(windows);
        for (int set = 0; set < TEST_SETS; set++) {
            List<WindowedCurve> curves = PlantedPopulation.sample(pair, windows, random.split());
            PairedBootstrap bootstrap = new PairedBootstrap(windows, 1000, set);
            List<Curve> first = drawn(bootstrap, curves.get(0));
            List<Curve> second = drawn(bootstrap, curves.get(1));
            List<Estimates> firsts = first.stream().map(curve -> CriticalSparsity.of(curve, Bar.ONE_PERCENT)).toList();
            List<Estimates> seconds = second.stream().map(curve -> CriticalSparsity.of(curve, Bar.ONE_PERCENT)).toList();
            for (Estimator estimator : Estimator.values()) {
                Interval interval = bootstrap.difference(inOrder(firsts, estimator), inOrder(seconds, estimator), 0.95);
                count(covered, name(estimator), interval, a.by(estimator).sparsity() - b.by(estimator).sparsity());
            }
            int[] at = {0};
            count(covered, "ratio of losses", bootstrap.number(times -> first.get(at[0]).denseLoss() / second.get(at[0]++).denseLoss(), 0.95), 1);
        }
        return covered;
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5})
    void statedMeansOverSeedsAreWhatIsMeasured(int seeds) {
        Map<String, Integer> measured = new LinkedHashMap<>(seeds("seeds vary as windows do", seeds, 0.01));
        measured.putAll(seeds("seeds vary four times as much", seeds, 0.04));
        assertEquals(stated(Coverage.SEEDS, seeds, "normal"), measured);
    }

    /** A model's level has a standard deviation of 0.011 by the choice of 16 windows. */
    static Map<String, Integer> seeds(String of, int seeds, double deviation) {
        int windows = 16;
        Map<String, Integer> covered = new LinkedHashMap<>();
        SplittableRandom random = new SplittableRandom(seeds);
        double truth = meanLevel(0.29, deviation) - meanLevel(0.24, deviation);
        for (int set = 0; set < TEST_SETS; set++) {
            SplittableRandom own = random.split();
            List<PlantedPopulation> models = new ArrayList<>();
            for (double at : new double[] {0.29, 0.24}) {
                for (int s = 0; s < seeds; s++) {
                    models.add(new PlantedPopulation(false, at + deviation * PlantedPopulation.normal(own)));
                }
            }
            List<Statistic> statistics = PlantedPopulation.sample(models, windows, own).stream()
                    .map(curve -> (Statistic) times -> CriticalSparsity.of(curve.pooled(times), Bar.ONE_PERCENT).linear()).toList();
            count(covered, of, new SeedBootstrap(seeds, windows, 1000, set)
                    .differences(statistics.subList(0, seeds), statistics.subList(seeds, 2 * seeds), 0.95).interval(), truth);
        }
        return covered;
    }

    /** Of all seeds that there could be, whose sparsity a is normal. */
    private static double meanLevel(double at, double deviation) {
        double sum = 0;
        double weights = 0;
        for (int i = -500; i <= 500; i++) {
            double z = i / 100.0;
            double weight = Math.exp(-z * z / 2);
            sum += weight * CriticalSparsity.of(new PlantedPopulation(false, at + deviation * z).curve(), Bar.ONE_PERCENT).linear().sparsity();
            weights += weight;
        }
        return sum / weights;
    }

    @ParameterizedTest
    @ValueSource(ints = {50, 200})
    void statedAccuraciesAreWhatIsMeasured(int documents) {
        Map<String, Integer> measured = answers(documents);
        assertEquals(stated(Coverage.ANSWERS, documents, "answers"), measured);
        assertTrue(measured.get("difference of accuracies") >= LEAST && measured.get("critical sparsity, linear") >= LEAST, measured::toString);
    }

    static Map<String, Integer> answers(int documents) {
        List<PlantedAnswers> pair = List.of(new PlantedAnswers(0.66, 0.29, 0.05), new PlantedAnswers(0.6, 0.24, 0.05));
        QualityBar bar = QualityBar.accuracy(0.99);
        Estimates a = bar.levels(pair.get(0).curve());
        Estimates b = bar.levels(pair.get(1).curve());
        PlantedAnswers steady = new PlantedAnswers(0.6, 0.24, 0.0005);
        Map<String, Integer> covered = new LinkedHashMap<>();
        SplittableRandom random = new SplittableRandom(documents);
        SplittableRandom other = new SplittableRandom(-documents);
        for (int set = 0; set < TEST_SETS; set++) {
            List<WindowedCurve> curves = PlantedAnswers.sample(pair, documents, random.split());
            PairedBootstrap bootstrap = new PairedBootstrap(documents, 1000, set);
            List<Curve> first = drawn(bootstrap, curves.get(0));
            List<Curve> second = drawn(bootstrap, curves.get(1));
            List<Estimates> firsts = first.stream().map(bar::levels).toList();
            List<Estimates> seconds = second.stream().map(bar::levels).toList();
            int[] at = {0};
            count(covered, "difference of accuracies", bootstrap.number(times -> first.get(at[0]).denseLoss() - second.get(at[0]++).denseLoss(), 0.95), 0.06);
            count(covered, "critical sparsity, linear, by percentiles of its draws", bootstrap.interval(inOrder(seconds, Estimator.LINEAR), 0.95), b.linear().sparsity());
            Interval crossing = bootstrap.crossing(curves.get(1), 0.99, ALL_KEPT, 0.95);
            count(covered, Coverage.FEW_CHANGE, bootstrap.crossing(PlantedAnswers.sample(List.of(steady), documents, other.split()).get(0), 0.99, ALL_KEPT, 0.95),
                    bar.levels(steady.curve()).linear().sparsity());
            for (Estimator estimator : Estimator.values()) {
                count(covered, "critical sparsity, " + name(estimator), crossing, b.by(estimator).sparsity());
                count(covered, "difference of two, " + name(estimator), bootstrap.difference(inOrder(firsts, estimator), inOrder(seconds, estimator), 0.95),
                        a.by(estimator).sparsity() - b.by(estimator).sparsity());
            }
        }
        return covered;
    }

    @ParameterizedTest
    @CsvSource({"64,normal", "32,normal", "16,normal", "32,skewed", "32,skewed and normal"})
    void statedFalseAlarmsAreWhatIsMeasured(int windows, String population) {
        Map<String, Integer> measured = alarms(windows, population);
        assertEquals(alarmsStated(windows, population), measured);
        assertTrue(population.equals(FalseAlarms.UNLIKE) || measured.get("critical sparsity") <= TEST_SETS - LEAST, measured::toString);
    }

    static Map<String, Integer> alarms(int windows, String population) {
        PlantedPopulation first = new PlantedPopulation(!population.equals("normal"));
        List<PlantedPopulation> pair = List.of(first, new PlantedPopulation(population.equals("skewed")));
        Function<Curve, Level> linear = curve -> CriticalSparsity.of(curve, Bar.ONE_PERCENT).linear();
        Map<String, Integer> found = new LinkedHashMap<>();
        SplittableRandom random = new SplittableRandom(windows);
        for (int set = 0; set < TEST_SETS; set++) {
            List<WindowedCurve> curves = PlantedPopulation.sample(pair, windows, random.split());
            found.merge("critical sparsity", LevelExchange.test(curves.get(0), curves.get(1), linear, EXCHANGES, set).greater() <= 0.05 ? 1 : 0, Integer::sum);
        }
        return found;
    }

    @ParameterizedTest
    @ValueSource(ints = {50, 200})
    void statedFalseAlarmsOfAccuraciesAreWhatIsMeasured(int documents) {
        Map<String, Integer> measured = alarms(documents);
        assertEquals(alarmsStated(documents, "answers"), measured);
        assertTrue(measured.values().stream().allMatch(found -> found <= TEST_SETS - LEAST), measured::toString);
    }

    static Map<String, Integer> alarms(int documents) {
        List<PlantedAnswers> pair = List.of(new PlantedAnswers(0.6, 0.24, 0.05), new PlantedAnswers(0.6, 0.24, 0.05));
        QualityBar bar = QualityBar.accuracy(0.99);
        Map<String, Integer> found = new LinkedHashMap<>();
        SplittableRandom random = new SplittableRandom(documents);
        for (int set = 0; set < TEST_SETS; set++) {
            List<WindowedCurve> curves = PlantedAnswers.sample(pair, documents, random.split());
            found.merge("accuracy", PermutationTest.ofMeans(answers(curves.get(0)), answers(curves.get(1)), 999, set).twoSided() <= 0.05 ? 1 : 0, Integer::sum);
            found.merge("critical sparsity on a task",
                    LevelExchange.test(curves.get(0), curves.get(1), curve -> bar.levels(curve).linear(), EXCHANGES, set).greater() <= 0.05 ? 1 : 0, Integer::sum);
        }
        return found;
    }

    private static double[] answers(WindowedCurve curve) {
        return IntStream.range(0, curve.windows()).mapToDouble(d -> {
            int[] only = new int[curve.windows()];
            only[d] = 1;
            return curve.pooled(only).denseLoss();
        }).toArray();
    }

    private static List<Curve> drawn(PairedBootstrap bootstrap, WindowedCurve curve) {
        List<Curve> drawn = new ArrayList<>();
        bootstrap.numbers(times -> {
            drawn.add(curve.pooled(times));
            return 0;
        });
        return drawn;
    }

    private static Statistic inOrder(List<Estimates> drawn, Estimator estimator) {
        int[] at = {0};
        return times -> drawn.get(at[0]++).by(estimator);
    }

    private static void count(Map<String, Integer> covered, String of, Interval interval, double truth) {
        covered.merge(of, interval.low() <= truth && truth <= interval.high() ? 1 : 0, Integer::sum);
    }

    private static Map<String, Integer> stated(List<Coverage> all, int examples, String population) {
        return all.stream().filter(c -> c.examples() == examples && c.population().equals(population) && c.simulated() == TEST_SETS)
                .collect(Collectors.toMap(Coverage::of, Coverage::covered));
    }

    private static Map<String, Integer> alarmsStated(int examples, String population) {
        return FalseAlarms.MEASURED.stream().filter(alarm -> alarm.examples() == examples && alarm.population().equals(population) && alarm.simulated() == TEST_SETS)
                .collect(Collectors.toMap(FalseAlarms::of, FalseAlarms::found));
    }

    private static String name(Estimator estimator) {
        return estimator.name().toLowerCase(Locale.ROOT);
    }
}
