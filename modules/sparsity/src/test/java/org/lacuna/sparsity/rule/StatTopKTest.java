package org.lacuna.sparsity.rule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatTopKTest {
    /** Φ(1.6) is 0.9452. */
    private static final double UPPER_OF_1_6 = 0.0548;

    private final Rule rule = Rules.byName("stat_top_k");

    @ParameterizedTest
    @ValueSource(doubles = {1e-300, 1e-12, 1e-6, 0.001, 0.05, 0.08, 0.25, 0.5, 0.75, 0.92, 0.999, 1 - 1e-9})
    void theQuantileIsThatOfTheNormalDistribution(double share) {
        double z = StatTopK.upperQuantile(share);
        // A wrong z is off by (what lies above it − share) / density(z).
        assertEquals(0, (above(z) - share) / density(z), 1e-9);
    }

    /** ∫ density from z to where nothing is left, by Simpson's rule. */
    private static double above(double z) {
        if (z < 0) {
            return 1 - above(-z);
        }
        int pieces = 200_000;
        double h = 12.0 / pieces;
        double sum = density(z) + density(z + 12);
        for (int i = 1; i < pieces; i++) {
            sum += density(z + i * h) * (i % 2 == 0 ? 2 : 4);
        }
        return sum * h / 3;
    }

    private static double density(double z) {
        return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
    }

    @Test
    void keepsWhatIsAboveTheMeanAtOneHalf() {
        assertEquals(BitSet.valueOf(new long[] {0b11000}), keep(0.5, 1, 2, 3, 4, 5)); // 3, the mean, is not above it
    }

    @Test
    void stdIsThePopulations() {
        // Mean 1, std √3 over n and 2 over n − 1: θ is 3.77, or would be 4.2.
        assertEquals(BitSet.valueOf(new long[] {0b1000}), keep(UPPER_OF_1_6, 0, 0, 0, 4));
        assertEquals(new BitSet(), keep(UPPER_OF_1_6, 0, 0, 4)); // mean 4/3, std 1.89: θ is 4.35
    }

    @Test
    void looksAtTheSign() {
        assertEquals(BitSet.valueOf(new long[] {0b110}), keep(0.5, -10, 1, 2));
        assertEquals(BitSet.valueOf(new long[] {0b001}), keep(0.5, -1, -5, -9));
    }

    @Test
    void zerosAreNeverKept() {
        assertEquals(new BitSet(), keep(0.5, -1, 0, -1)); // θ is −2/3
        assertEquals(new BitSet(), keep(0.5, -1, -0f, -1));
        assertEquals(BitSet.valueOf(new long[] {0b1011}), keep(1, -7, 3, 0, 1e-45f, -0f));
    }

    @Test
    void fractionZeroKeepsNoneAndOneAllNonZero() {
        Random random = new Random(3);
        float[] row = new float[200];
        for (int i = 0; i < row.length; i++) {
            row[i] = (float) random.nextGaussian();
        }
        row[7] = 1e30f; // 14 std above the mean, and still not kept by 0
        assertEquals(0, keep(0, row).cardinality());
        assertEquals(200, keep(1, row).cardinality());
    }

    @ParameterizedTest
    @ValueSource(floats = {0.1f, -0.1f, 3.4028235e38f, 1e-45f, 0f})
    void nothingOfAConstantRowIsAboveItsMean(float value) {
        for (int n : new int[] {1, 2, 3, 10, 352, 4097}) {
            float[] row = new float[n];
            Arrays.fill(row, value);
            for (double fraction : new double[] {1e-9, 0.3, 0.5, 0.7, 1 - 1e-9}) {
                assertEquals(0, keep(fraction, row).cardinality());
            }
            assertEquals(value == 0 ? 0 : n, keep(1, row).cardinality());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 17, 63, 64, 65, 352, 688})
    void keepsWhatTheFormulaKeeps(int n) {
        Random random = new Random(n);
        float[] row = new float[n];
        double[] quantiles = {-1.5, -0.3, 0.4, 1.2};
        double[] fractions = Arrays.stream(quantiles).map(StatTopKTest::above).toArray();
        for (int repeat = 0; repeat < 50; repeat++) {
            for (int i = 0; i < n; i++) {
                row[i] = random.nextInt(5) == 0 ? 0 : (float) (random.nextGaussian() * 3 + 1);
            }
            double mean = 0;
            double meanOfSquares = 0;
            for (float v : row) {
                mean += (double) v / n;
                meanOfSquares += (double) v * v / n;
            }
            for (int q = 0; q < quantiles.length; q++) {
                double threshold = mean + quantiles[q] * Math.sqrt(meanOfSquares - mean * mean);
                BitSet expected = new BitSet();
                for (int i = 0; i < n; i++) {
                    assertTrue(Math.abs(row[i] - threshold) > 1e-7, "too near to the threshold for this formula's rounding");
                    expected.set(i, row[i] != 0 && row[i] > threshold);
                }
                assertEquals(expected, keep(fractions[q], row));
            }
        }
    }

    @Test
    void keepsAboutTheFractionOfANormalRow() {
        Random random = new Random(1);
        float[] row = new float[100_000];
        for (int i = 0; i < row.length; i++) {
            row[i] = (float) (random.nextGaussian() * 5 - 2);
        }
        assertEquals(8_000, keep(0.08, row).cardinality(), 400); // standard deviation of such a count: 86
    }

    @Test
    void overwritesWholeWordsAndNothingBeyond() {
        float[] row = new float[70];
        row[69] = 1;
        for (double fraction : new double[] {0, 0.5, 1}) {
            long[] kept = {-1, -1, -1};
            assertEquals(fraction == 0 ? 0 : 1, rule.keep(row, 70, new double[] {7, fraction}, 1, kept, new RowScratch(70)));
            assertArrayEquals(new long[] {0, fraction == 0 ? 0 : 1L << 5, -1}, kept);
        }
        assertEquals(0, rule.keep(new float[] {Float.NaN}, 0, new double[] {0.5}, 0, new long[0], new RowScratch(1)));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1.1, Double.NaN, Double.POSITIVE_INFINITY})
    void refusesWhatIsNoFraction(double fraction) {
        assertThrows(IllegalArgumentException.class, () -> keep(fraction, 1, 2));
    }

    private BitSet keep(double fraction, float... row) {
        long[] kept = new long[(row.length + 63) / 64];
        int count = rule.keep(row, row.length, new double[] {fraction}, 0, kept, new RowScratch(row.length));
        BitSet bits = BitSet.valueOf(kept);
        assertEquals(count, bits.cardinality());
        return bits;
    }
}
