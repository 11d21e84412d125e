package org.lacuna.sparsity.critical;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;
import org.lacuna.sparsity.critical.PairedBootstrap.Statistic;
import org.lacuna.sparsity.critical.SeedBootstrap.Mean;
import org.lacuna.sparsity.statistics.Range;

class SeedBootstrapTest {

    @Test
    void oneSeedIsThePairedBootstrapBitForBit() {
        WindowedCurve curve = new PlantedPopulation(false).sample(48, new SplittableRandom(2));
        WindowedCurve other = new PlantedPopulation(true).sample(48, new SplittableRandom(3));
        PairedBootstrap plain = new PairedBootstrap(48, 1000, 11);
        SeedBootstrap seeds = new SeedBootstrap(1, 48, 1000, 11);
        // A bar so low that some draws have no level, and a curve that some draws do not break.
        for (double bar : new double[] {1.001, 1.01, 400}) {
            Statistic a = times -> CriticalSparsity.of(curve.pooled(times), new Bar(bar)).linear();
            Statistic b = times -> CriticalSparsity.of(other.pooled(times), new Bar(bar)).linear();
            assertEquals(plain.interval(a, 0.95), seeds.levels(List.of(a), 0.95).interval());
            assertEquals(plain.difference(a, b, 0.9), seeds.differences(List.of(a), List.of(b), 0.9).interval());
        }
        ToDoubleFunction<int[]> loss = times -> -curve.pooled(times).denseLoss();
        assertEquals(plain.number(loss, 0.95), seeds.numbers(List.of(loss), 0.95).interval());
        assertEquals(plain.number(times -> -0.0, 0.95), seeds.numbers(List.of(times -> -0.0), 0.95).interval());
        int[] once = new int[48];
        Arrays.fill(once, 1);
        assertEquals(new Mean(Range.of(loss.applyAsDouble(once)), plain.number(loss, 0.95), 1), seeds.numbers(List.of(loss), 0.95));
    }

    /** Of 2 seeds and one window a draw's mean is the less, the middle and the greater with probabilities of 1/4, 1/2, 1/4. */
    @Test
    void twoSeedsByHand() {
        SeedBootstrap bootstrap = new SeedBootstrap(2, 1, 10_000, 1);
        List<Statistic> seeds = levels(Level.at(0.25), Level.at(0.75));
        assertEquals(new Mean(Range.of(0.5), new Interval(0.25, 0.75, 0.95, 10_000, 0, 0), 2), bootstrap.levels(seeds, 0.95));
        // 22.5 % outside at either end leaves some of the quarters in; 27.5 % none.
        assertEquals(new Interval(0.25, 0.75, 0.55, 10_000, 0, 0), bootstrap.levels(seeds, 0.55).interval());
        assertEquals(new Interval(0.5, 0.5, 0.45, 10_000, 0, 0), bootstrap.levels(seeds, 0.45).interval());
    }

    /** Of 3 seeds of 0, 0.3 and 0.9, the mean of a draw is 0 once in 27, 0.1 three times, 0.2 three times, …, 0.9 once. */
    @Test
    void threeSeedsByHand() {
        SeedBootstrap bootstrap = new SeedBootstrap(3, 1, 10_000, 1);
        List<Statistic> seeds = levels(Level.at(0), Level.at(0.3), Level.at(0.9));
        assertEquals(0.4, bootstrap.levels(seeds, 0.95).mean().least(), 1e-15);
        Interval interval = bootstrap.levels(seeds, 0.95).interval();
        assertEquals(new Interval(0, 0.9, 0.95, 10_000, 0, 0), new Interval(interval.low(), round(interval.high()), 0.95, 10_000, 0, 0));
        // 5 % outside: past the 3.7 % of a thrice drawn seed, short of the next 11.1 %: (0 + 0 + 0.3) / 3 and (0.9 + 0.9 + 0.3) / 3.
        interval = bootstrap.levels(seeds, 0.9).interval();
        assertEquals(0.1, round(interval.low()));
        assertEquals(0.7, round(interval.high()));
    }

    private static double round(double value) {
        return Math.rint(value * 1e12) / 1e12;
    }

    @Test
    void seedsSeeTheSameWindows() {
        List<int[]> first = new ArrayList<>();
        List<int[]> second = new ArrayList<>();
        new SeedBootstrap(2, 8, 200, 4).numbers(List.of(times -> {
            first.add(times);
            return 0;
        }, times -> {
            second.add(times);
            return 0;
        }), 0.95);
        List<int[]> windows = new ArrayList<>();
        new PairedBootstrap(8, 200, 4).number(times -> {
            windows.add(times);
            return 0;
        }, 0.95);
        // Apart from the one with every window once, each seed's draws are the plain bootstrap's, in order, less those in which it wasn't drawn.
        for (List<int[]> seen : List.of(first, second)) {
            assertArrayEquals(new int[] {1, 1, 1, 1, 1, 1, 1, 1}, seen.get(0));
            int at = 0;
            for (int[] times : seen.subList(1, seen.size())) {
                while (!Arrays.equals(times, windows.get(at))) {
                    at++;
                }
                at++;
            }
        }
        // A seed is missing from a quarter of the draws.
        assertEquals(0.75 * 200, first.size() - 1, 4 * Math.sqrt(200 * 0.75 * 0.25));
        assertEquals(0.75 * 200, second.size() - 1, 4 * Math.sqrt(200 * 0.75 * 0.25));
    }

    /** Were seeds drawn as windows are, a seed would never meet a draw without the window of its place; as it is, one draw in (2/3)³ = 30 %. */
    @Test
    void seedsAreDrawnApartFromWindows() {
        List<Integer> timesOfFirst = new ArrayList<>();
        ToDoubleFunction<int[]> other = times -> 0;
        new SeedBootstrap(3, 3, 1000, 4).numbers(List.of(times -> {
            timesOfFirst.add(times[0]);
            return 0;
        }, other, other), 0.95);
        double without = timesOfFirst.stream().filter(times -> times == 0).count() / (double) timesOfFirst.size();
        assertEquals(8 / 27.0, without, 0.07);
    }

    /** With seeds of variance v and windows of variance u, the mean over S seeds and W shared windows has v / S + u / W: windows do not average out. */
    @Test
    void bothVariancesAreInTheInterval() {
        int seeds = 100;
        int windows = 100;
        SplittableRandom random = new SplittableRandom(8);
        double[] bySeed = random.doubles(seeds).toArray();
        double[] byWindow = random.doubles(windows).map(v -> 2 * v).toArray();
        List<ToDoubleFunction<int[]>> statistics = new ArrayList<>();
        for (double seed : bySeed) {
            statistics.add(times -> {
                double sum = 0;
                for (int w = 0; w < windows; w++) {
                    sum += times[w] * byWindow[w];
                }
                return seed + sum / windows;
            });
        }
        Mean mean = new SeedBootstrap(seeds, windows, 4000, 1).numbers(statistics, 0.95);
        double middle = mean(bySeed) + mean(byWindow);
        double half = 1.96 * Math.sqrt(variance(bySeed) / seeds + variance(byWindow) / windows);
        assertEquals(middle, mean.mean().least(), 1e-12);
        assertEquals(middle - half, mean.interval().low(), 0.06 * half);
        assertEquals(middle + half, mean.interval().high(), 0.06 * half);
    }

    private static double mean(double[] values) {
        return DoubleStream.of(values).average().orElseThrow();
    }

    private static double variance(double[] values) {
        double mean = mean(values);
        return DoubleStream.of(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
    }

    /** Windows that do not matter, seeds from a symmetric population: all on one side of its middle with probability 2^(1-S), and then never covered. */
    @ParameterizedTest
    @CsvSource({"2,0.95,0.5", "3,0.99,0.75"})
    void fewSeedsCoverAsSeldomAsIsSaid(int seeds, double confidence, double share) {
        SplittableRandom random = new SplittableRandom(seeds);
        int sets = 2000;
        int covered = 0;
        for (int set = 0; set < sets; set++) {
            double[] values = random.doubles(seeds).toArray();
            List<ToDoubleFunction<int[]>> statistics = DoubleStream.of(values).mapToObj(v -> (ToDoubleFunction<int[]>) times -> v).toList();
            Interval interval = new SeedBootstrap(seeds, 1, 1000, set).numbers(statistics, confidence).interval();
            assertEquals(Arrays.stream(values).min().orElseThrow(), interval.low(), 1e-15);
            assertEquals(Arrays.stream(values).max().orElseThrow(), interval.high(), 1e-15);
            covered += interval.low() <= 0.5 && 0.5 <= interval.high() ? 1 : 0;
        }
        assertEquals(share * sets, covered, 3.5 * Math.sqrt(sets * share * (1 - share)));
    }

    /** Two seeds, the second's level missing or a bound: a mean is known only as far as its parts are. */
    @Test
    void whatASeedDoesNotSayWidensTheMean() {
        SeedBootstrap bootstrap = new SeedBootstrap(2, 1, 1000, 1);
        Mean bound = bootstrap.levels(levels(Level.at(0.5), Level.atLeast(0.75)), 0.95);
        assertEquals(new Range(0.625, 0.75), bound.mean());
        assertEquals(0.5, bound.interval().low());
        assertEquals(1, bound.interval().high());
        assertEquals(0.75 * 1000, bound.interval().atLeast(), 4 * Math.sqrt(1000 * 0.75 * 0.25));
        Mean none = bootstrap.levels(levels(Level.at(0.5), Level.NONE), 0.95);
        assertEquals(Range.of(0.25), none.mean());
        assertEquals(bound.interval().atLeast(), none.interval().none());
        // Whichever comes first or last, and a bound beside it makes no difference: a draw is either without a level or bounded, not both.
        Mean noneFirst = bootstrap.levels(levels(Level.NONE, Level.at(0.5)), 0.95);
        Mean both = bootstrap.levels(levels(Level.NONE, Level.atLeast(0.5)), 0.95);
        assertEquals(1000, both.interval().none() + both.interval().atLeast());
        assertEquals(noneFirst.interval().none(), both.interval().none());
        assertEquals(0.75 * 1000, noneFirst.interval().none(), 4 * Math.sqrt(1000 * 0.75 * 0.25));
        Mean difference = bootstrap.differences(levels(Level.at(0.5), Level.NONE), levels(Level.at(0.25), Level.atLeast(0.5)), 0.95);
        assertEquals(new Range(-0.375, 0.625), difference.mean());
        assertEquals(bound.interval().atLeast(), difference.interval().none());
        assertEquals(0, difference.interval().atLeast());
    }

    @Test
    void refusesAsManyStatisticsAsThereAreNoSeeds() {
        assertThrows(IllegalArgumentException.class, () -> new SeedBootstrap(0, 1, 10, 1));
        SeedBootstrap bootstrap = new SeedBootstrap(2, 1, 10, 1);
        List<Statistic> one = levels(Level.at(0));
        List<Statistic> two = levels(Level.at(0), Level.at(0));
        assertThrows(IllegalArgumentException.class, () -> bootstrap.levels(one, 0.95));
        assertThrows(IllegalArgumentException.class, () -> bootstrap.differences(two, one, 0.95));
        assertThrows(IllegalArgumentException.class, () -> bootstrap.differences(one, two, 0.95));
        assertThrows(IllegalArgumentException.class, () -> bootstrap.levels(two, 1));
    }

    private static List<Statistic> levels(Level... levels) {
        return Arrays.stream(levels).map(level -> (Statistic) times -> level).toList();
    }
}
