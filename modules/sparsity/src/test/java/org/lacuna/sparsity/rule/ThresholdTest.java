package org.lacuna.sparsity.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules that compare with a number: {@code threshold}, and {@code max_p}, whose number is a share of the largest. */
class ThresholdTest {
    private static long keep(String rule, double parameter, float... row) {
        long[] kept = {-1};
        int count = Rules.byName(rule).keep(row, row.length, new double[] {7, parameter}, 1, kept, new RowScratch(row.length));
        assertEquals(Long.bitCount(kept[0]), count);
        return kept[0];
    }

    @ParameterizedTest
    @CsvSource({"0, 1101", "1e-60, 1101", "0.5, 1101", "0.50000000001, 1100", "1, 1100", "2, 1000", "2.0000001, 0", "1e39, 0", "Infinity, 0"})
    void aThresholdKeepsWhatReachesIt(double theta, String kept) {
        assertEquals(Long.parseLong(kept, 2), keep("threshold", theta, 0.5f, 0, -1, 2));
    }

    @ParameterizedTest
    @CsvSource({"0, 1101", "0.25, 1101", "0.2500001, 1100", "0.5, 1100", "1, 1000", "1.1, 0"})
    void aShareOfTheLargestIsCompared(double p, String kept) {
        assertEquals(Long.parseLong(kept, 2), keep("max_p", p, 0.5f, -0f, -1, 2));
    }

    @ParameterizedTest
    @EnumSource
    void bothKeepWhatComparingDoublesKeeps(TopPTest.Kind kind) {
        SplittableRandom random = new SplittableRandom(kind.ordinal());
        for (int repeat = 0; repeat < 200; repeat++) {
            float[] row = kind.row(random, 1 + random.nextInt(64));
            double largest = 0;
            for (float value : row) {
                largest = Math.max(largest, Math.abs((double) value));
            }
            double p = random.nextDouble();
            long expected = 0;
            for (int i = 0; i < row.length; i++) {
                expected |= row[i] != 0 && Math.abs((double) row[i]) >= p * largest ? 1L << i : 0;
            }
            assertEquals(expected, keep("max_p", p, row), kind + ", p = " + p);
            assertEquals(expected, keep("threshold", p * largest, row), kind + ", p = " + p);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"max_p", "threshold", "top_p_energy"})
    void aRowOfZerosIsAllLeftOutAndOthersAreRefused(String rule) {
        assertEquals(0, keep(rule, 0.5, 0, -0f, 0));
        assertThrows(IllegalArgumentException.class, () -> keep(rule, -0.1, 1));
        assertThrows(IllegalArgumentException.class, () -> keep(rule, Double.NaN, 1));
        assertEquals(1, assertThrows(NonFiniteException.class, () -> keep(rule, 0.5, 1, Float.NEGATIVE_INFINITY)).index());
    }

    @Test
    void energyWeighsLargeEntriesMore() {
        // Squares 16, 9, 4, 1 of 30; magnitudes 4, 3, 2, 1 of 10.
        float[] row = {1, -2, 3, -4};
        assertEquals(0b1000, keep("top_p_energy", 16 / 30.0, row));
        assertEquals(0b1100, keep("top_p_energy", 0.54, row));
        assertEquals(0b1100, keep("top_p", 0.54, row));
        assertEquals(0b1100, keep("top_p_energy", 0.8, row));
        assertEquals(0b1110, keep("top_p", 0.8, row));
        assertEquals(0b1111, keep("top_p_energy", 1, row));
    }
}
