package org.lacuna.sparsity.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.sparsity.statistics.PermutationTest.Result;

class PermutationTestTest {

    /**
     * Darwin's maize, Fisher's example in The Design of Experiments, section 21: of 2^15 sign patterns, 863 give a sum as large as the 314 seen or larger on
     * the one side (835 larger, 28 equal), as many on the other.
     */
    @Test
    void darwinsMaizeAsFisherCountedIt() {
        double[] eighths = {49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48};
        assertEquals(314, Arrays.stream(eighths).sum());
        Result result = PermutationTest.ofMeans(eighths, new double[15], 1, 0);
        assertEquals(863 / 32768.0, result.greater());
        assertEquals(1726 / 32768.0, result.twoSided());
        assertEquals(32768, result.arrangements());
        assertTrue(result.exact());
    }

    /** Differences of 2, 4, 6 in size: their sums are 12, 8, 4, 0, 0, -4, -8, -12. */
    @Test
    void threePairsByHand() {
        assertEquals(new Result(Range.of(4), 1 / 8.0, 2 / 8.0, true, 8, 7), test(2, 4, 6));
        // A sum of 8 is reached by 12 and 8.
        assertEquals(new Result(Range.of(8 / 3.0), 2 / 8.0, 4 / 8.0, true, 8, 7), test(-2, 4, 6));
        // A sum of 0 is reached by those above it and both ties; every size reaches 0.
        assertEquals(new Result(Range.of(0), 5 / 8.0, 1, true, 8, 7), test(2, 4, -6));
        assertEquals(new Result(Range.of(-4), 1, 2 / 8.0, true, 8, 7), test(-2, -4, -6));
    }

    private static Result test(double... differences) {
        double[] second = {10, 20, 30};
        double[] first = IntStream.range(0, 3).mapToDouble(i -> second[i] + differences[i]).toArray();
        return PermutationTest.ofMeans(first, second, 100, 7);
    }

    @Test
    void theSmallestPIsOneOfAllExchanges() {
        for (int pairs : new int[] {1, 2, 10, 16}) {
            double[] first = new double[pairs];
            Arrays.fill(first, 1);
            Result result = PermutationTest.ofMeans(first, new double[pairs], 1, 0);
            assertEquals(Math.pow(2, -pairs), result.greater());
            assertEquals(2 * Math.pow(2, -pairs), result.twoSided());
        }
        Result alike = PermutationTest.ofMeans(new double[4], new double[4], 1, 0);
        assertEquals(1, alike.greater());
        assertEquals(1, alike.twoSided());
    }

    /** 0.1 + 0.2 - 0.3 isn't 0 in binary, and depends on the order; it is a tie all the same. */
    @Test
    void tiesAreTiesInSpiteOfRounding() {
        assertEquals(5 / 8.0, PermutationTest.ofMeans(new double[] {0.1, 0.2, -0.3}, new double[3], 1, 0).greater());
        assertEquals(5 / 8.0, PermutationTest.ofMeans(new double[] {0.3, -0.2, -0.1}, new double[3], 1, 0).greater());
    }

    /** Signs alone: k or more of n heads, of 40 differences with 28 above 0. The binomial's tail is P(X >= 28) = 0.00829 by summation. */
    @Test
    void beyondSixteenPairsItIsDrawnWithOneAdded() {
        double[] signs = new double[40];
        for (int i = 0; i < 40; i++) {
            signs[i] = i < 28 ? 1 : -1;
        }
        double tail = 0;
        double term = Math.pow(2, -40); // of C(40, k) / 2^40, from k = 40 down
        for (int k = 40; k >= 28; k--) {
            tail += term;
            term *= k / (41.0 - k);
        }
        int draws = 99_999;
        Result result = PermutationTest.ofMeans(signs, new double[40], draws, 3);
        assertTrue(!result.exact() && result.arrangements() == draws && result.seed() == 3);
        assertEquals(tail, result.greater(), 4 * Math.sqrt(tail / draws));
        assertEquals(2 * tail, result.twoSided(), 4 * Math.sqrt(2 * tail / draws));
        // (1 + count) / (1 + draws): a whole number over 100,000, and never 0.
        assertEquals(Math.rint(result.greater() * 100_000), result.greater() * 100_000, 1e-6);
        double[] all = new double[40];
        Arrays.fill(all, 1);
        assertEquals(1 / 1000.0, PermutationTest.ofMeans(all, new double[40], 999, 3).greater());
        assertEquals(result, PermutationTest.ofMeans(signs, new double[40], draws, 3));
        assertNotEquals(result.greater(), PermutationTest.ofMeans(signs, new double[40], draws, 4).greater());
    }

    /** Under the hypothesis that nothing differs p is at most 5 % in 5 % of tests or fewer, exactly so for 2^10 exchanges of continuous differences. */
    @ParameterizedTest
    @ValueSource(ints = {10, 24})
    void keepsItsLevelAndFindsAPlantedEffect(int pairs) {
        SplittableRandom random = new SplittableRandom(pairs);
        int tests = 2000;
        int oneSided = 0;
        int twoSided = 0;
        int found = 0;
        for (int i = 0; i < tests; i++) {
            // What a pair shares is large; its two outcomes differ by a skewed noise whose sign is symmetric.
            double[] shared = random.doubles(pairs).map(u -> 100 * u).toArray();
            double[] first = IntStream.range(0, pairs).mapToDouble(k -> shared[k] - Math.log(random.nextDouble())).toArray();
            double[] second = IntStream.range(0, pairs).mapToDouble(k -> shared[k] - Math.log(random.nextDouble())).toArray();
            Result result = PermutationTest.ofMeans(first, second, 199, i);
            oneSided += result.greater() <= 0.05 ? 1 : 0;
            twoSided += result.twoSided() <= 0.05 ? 1 : 0;
            double[] better = Arrays.stream(first).map(v -> v + 3).toArray();
            found += PermutationTest.ofMeans(better, second, 199, i).greater() <= 0.05 ? 1 : 0;
        }
        double deviation = Math.sqrt(0.05 * 0.95 * tests);
        assertEquals(0.05 * tests, oneSided, 3.5 * deviation);
        assertEquals(0.05 * tests, twoSided, 3.5 * deviation);
        assertTrue(found > 0.99 * tests, "found " + found);
    }

    /** Three pairs whose difference is known to ±1: seen [5, 7] counts as 5, chance as its upper end. Sums by hand: 6, 4, 2, 0, 0, -2, -4, -6, each ±1. */
    @Test
    void boundsMakePLarger() {
        double[] d = {1, 2, 3};
        PermutationTest.Difference within = exchanged -> {
            double sum = 0;
            for (int i = 0; i < 3; i++) {
                sum += exchanged[i] ? -d[i] : d[i];
            }
            return new Range(sum - 1, sum + 1);
        };
        Result result = PermutationTest.of(3, within, 0, 1, 0);
        assertEquals(new Range(5, 7), result.seen());
        assertEquals(2 / 8.0, result.greater());
        assertEquals(4 / 8.0, result.twoSided());
        // Nothing known: nothing shown.
        Result unknown = PermutationTest.of(3, exchanged -> new Range(-1, 1), 0, 1, 0);
        assertEquals(1, unknown.greater());
        assertEquals(1, unknown.twoSided());
    }

    @Test
    void refusesWhatCannotBeTested() {
        assertThrows(IllegalArgumentException.class, () -> PermutationTest.ofMeans(new double[2], new double[3], 1, 0));
        assertThrows(IllegalArgumentException.class, () -> PermutationTest.ofMeans(new double[0], new double[0], 1, 0));
        assertThrows(IllegalArgumentException.class, () -> PermutationTest.ofMeans(new double[20], new double[20], 0, 0));
        assertThrows(IllegalArgumentException.class, () -> PermutationTest.ofMeans(new double[] {Double.NaN}, new double[1], 1, 0));
        assertThrows(IllegalArgumentException.class, () -> PermutationTest.of(2, exchanged -> Range.of(0), -1, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> new Range(1, 0));
        assertThrows(IllegalArgumentException.class, () -> Range.of(Double.NaN));
    }
}
