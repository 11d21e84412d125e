package org.lacuna.sparsity.measure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.sparsity.rule.NonFiniteException;
import org.lacuna.sparsity.rule.RowScratch;
import org.lacuna.sparsity.rule.Rules;

class MeasuresTest {
    private static final double ROUNDING = 1e-12;

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 64, 688})
    void aSingleNonZeroIsTheSparsest(int n) {
        float[] row = new float[n];
        row[n / 2] = -0.3f;
        assertEquals((n - 1) / (double) n, of("exact_zeros", row));
        assertEquals((n - 1) / (double) n, of("near_zeros", row));
        assertEquals(1 - 1.0 / n, of("gini", row), ROUNDING);
        assertEquals(1, of("hoyer", row), ROUNDING);
        assertEquals(1, of("square_hoyer", row), ROUNDING);
        assertEquals(1, of("participation_ratio", row), ROUNDING);
        // With q = 1/n the row is a coin of probability q: kurtosis (1 - 3q(1 - q)) / (q(1 - q)).
        double q = 1.0 / n;
        assertEquals((1 - 3 * q * (1 - q)) / (q * (1 - q)), of("kurtosis", row), 1e-9);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 64, 688})
    void aConstantRowIsTheDensest(int n) {
        float[] row = new float[n];
        Arrays.fill(row, 0.1f);
        assertEquals(0, of("exact_zeros", row));
        assertEquals(0, of("near_zeros", row));
        assertEquals(0, of("gini", row), ROUNDING);
        assertEquals(0, of("hoyer", row), ROUNDING);
        assertEquals(n, of("square_hoyer", row), n * ROUNDING);
        assertEquals(n, of("participation_ratio", row), n * ROUNDING);
        assertEquals(Double.NaN, of("kurtosis", row));
    }

    /** |x| = 0, 1, 2, 3, worked by hand. */
    @Test
    void aRowByHand() {
        float[] row = {2, 0, -3, 1};
        assertEquals(0.25, of("exact_zeros", row));
        assertEquals(0.25, of("near_zeros", row));
        // Shares 0, 1/6, 2/6, 3/6 with weights 3.5/4, 2.5/4, 1.5/4, 0.5/4: 1 - 2 (2.5 + 3 + 1.5) / 24.
        assertEquals(10 / 24.0, of("gini", row), ROUNDING);
        assertEquals(2 - 6 / Math.sqrt(14), of("hoyer", row), ROUNDING);
        assertEquals(36 / 14.0, of("square_hoyer", row), ROUNDING);
        assertEquals(196 / 98.0, of("participation_ratio", row), ROUNDING);
        // Mean 0: fourth powers 16 + 81 + 1, squares 14.
        assertEquals(4 * 98 / 196.0, of("kurtosis", row), ROUNDING);
    }

    @Test
    void nearZerosAreStrictlyBelowAHundredthOfTheLargest() {
        assertEquals(0.01, NearZeros.EPSILON);
        // 0.01 as a float lies below 0.01 as a double, its neighbour above.
        assertEquals(2 / 4.0, of("near_zeros", new float[] {1, 0.01f, -0.009f, Math.nextUp(0.01f)}));
        assertEquals(2 / 4.0, of("near_zeros", new float[] {-100, 1, -0.999f, 0}));
    }

    /** What the rules of the same sense leave out, ties, zeros and rows of zeros among them. */
    @Test
    void zerosAreWhatRulesLeaveOut() {
        SplittableRandom random = new SplittableRandom(9);
        for (int repeat = 0; repeat < 100; repeat++) {
            int n = 1 + random.nextInt(200);
            float[] row = repeat == 0 ? new float[n] : Rows.sparse(random, n);
            for (int j = 0; j < n; j++) {
                row[j] *= random.nextInt(3) == 0 ? 0.01f : 1;
            }
            long[] kept = new long[(n + 63) / 64];
            int maxP = Rules.byName("max_p").keep(row, n, new double[] {NearZeros.EPSILON}, 0, kept, new RowScratch(n));
            int none = Rules.byName("none").keep(row, n, new double[0], 0, kept, new RowScratch(n));
            assertEquals((n - maxP) / (double) n, of("near_zeros", row));
            assertEquals((n - none) / (double) n, of("exact_zeros", row));
        }
    }

    @Test
    void whatRowsOfZerosAndOfOneEntryHave() {
        List<String> names = List.of("exact_zeros", "near_zeros", "gini", "hoyer", "square_hoyer", "participation_ratio", "kurtosis");
        assertEquals(names, Measures.all().stream().map(Measure::name).toList());
        double nan = Double.NaN;
        assertArrayEquals(new double[] {1, 1, nan, nan, nan, nan, nan}, names.stream().mapToDouble(name -> of(name, new float[] {0, -0f, 0})).toArray());
        assertArrayEquals(new double[] {1, 1, nan, nan, nan, nan, nan}, names.stream().mapToDouble(name -> of(name, new float[1])).toArray());
        assertArrayEquals(new double[] {0, 0, 0, nan, 1, 1, nan}, names.stream().mapToDouble(name -> of(name, new float[] {-2})).toArray());
    }

    @Test
    void theScaleDoesNotMatterOverTheWholeRangeOfFloats() {
        SplittableRandom random = new SplittableRandom(1);
        float[] row = Rows.normal(random, 352);
        // Whole numbers, so that scaling to denormals rounds nothing.
        for (int i = 0; i < row.length; i++) {
            row[i] = Math.round(row[i] * 1000);
        }
        for (Measure measure : Measures.all()) {
            double expected = of(measure.name(), row);
            for (float scale : new float[] {-1, 0x1p-149f, 0x1p-60f, 0x1p100f, 0x1p115f}) {
                float[] scaled = new float[row.length];
                for (int i = 0; i < row.length; i++) {
                    scaled[i] = row[i] * scale;
                }
                assertEquals(expected, of(measure.name(), scaled), ROUNDING * Math.abs(expected), () -> measure.name() + " times " + scale);
            }
        }
    }

    @Test
    void theOrderDoesNotMatterNorDoSignsExceptToKurtosis() {
        SplittableRandom random = new SplittableRandom(2);
        for (Measure measure : Measures.all()) {
            float[] row = Rows.normal(random, 97);
            double expected = of(measure.name(), row);
            float[] shuffled = row.clone();
            for (int i = shuffled.length - 1; i > 0; i--) {
                int j = random.nextInt(i + 1);
                float swap = shuffled[i];
                shuffled[i] = shuffled[j];
                shuffled[j] = swap;
            }
            assertEquals(expected, of(measure.name(), shuffled), ROUNDING * expected, measure.name());
            if (!(measure instanceof Kurtosis)) {
                float[] magnitudes = row.clone();
                for (int i = 0; i < row.length; i++) {
                    magnitudes[i] = Math.abs(row[i]);
                }
                assertEquals(expected, of(measure.name(), magnitudes), measure.name());
            }
        }
        assertTrue(of("kurtosis", new float[] {1, -1, 2, -2}) != of("kurtosis", new float[] {1, 1, 2, 2}));
    }

    /** Hurley and Rickard's axiom D4, and what the measures that count entries do instead. */
    @Test
    void twiceTheSameRow() {
        SplittableRandom random = new SplittableRandom(3);
        for (int repeat = 0; repeat < 20; repeat++) {
            float[] row = Rows.sparse(random, 1 + random.nextInt(200));
            float[] twice = Arrays.copyOf(row, 2 * row.length);
            System.arraycopy(row, 0, twice, row.length, row.length);
            for (String name : List.of("exact_zeros", "near_zeros", "gini", "kurtosis")) {
                assertEquals(of(name, row), of(name, twice), 1e-10, name);
            }
            for (String name : List.of("square_hoyer", "participation_ratio")) {
                assertEquals(2 * of(name, row), of(name, twice), 1e-10, name);
            }
        }
    }

    /** Axiom P2: more zeros are sparser; by how much has a formula. */
    @Test
    void appendedZeros() {
        SplittableRandom random = new SplittableRandom(4);
        for (int repeat = 0; repeat < 20; repeat++) {
            int n = 2 + random.nextInt(200);
            int m = 1 + random.nextInt(200);
            float[] row = Rows.normal(random, n);
            float[] longer = Arrays.copyOf(row, n + m);
            double ratio = n / (double) (n + m);
            assertEquals(1 - ratio * (1 - of("exact_zeros", row)), of("exact_zeros", longer), ROUNDING);
            assertEquals(1 - ratio * (1 - of("near_zeros", row)), of("near_zeros", longer), ROUNDING);
            assertEquals(1 - ratio * (1 - of("gini", row)), of("gini", longer), ROUNDING);
            assertTrue(of("hoyer", longer) > of("hoyer", row));
            assertEquals(of("square_hoyer", row), of("square_hoyer", longer));
            assertEquals(of("participation_ratio", row), of("participation_ratio", longer));
        }
    }

    /** Axioms D1 (the rich give to the poor: less sparse), D3 (all get the same: less sparse) and P1 (one gets rich enough: sparser). */
    @Test
    void theOtherAxiomsForGiniAndHoyer() {
        SplittableRandom random = new SplittableRandom(5);
        for (int repeat = 0; repeat < 50; repeat++) {
            float[] row = Rows.magnitudes(Rows.normal(random, 2 + random.nextInt(100)));
            int rich = IntStream.range(0, row.length).reduce((a, b) -> row[a] > row[b] ? a : b).getAsInt();
            int poor = IntStream.range(0, row.length).reduce((a, b) -> row[a] < row[b] ? a : b).getAsInt();
            float[] given = row.clone();
            float gift = (row[rich] - row[poor]) / 4;
            given[rich] -= gift;
            given[poor] += gift;
            float[] risen = row.clone();
            for (int i = 0; i < risen.length; i++) {
                risen[i] += 0.5f;
            }
            float[] gates = row.clone();
            gates[rich] += 100 * row.length;
            float[] richer = gates.clone();
            richer[rich] += 1000;
            for (String name : List.of("gini", "hoyer")) {
                assertTrue(of(name, given) < of(name, row), name);
                assertTrue(of(name, risen) < of(name, row), name);
                assertTrue(of(name, richer) > of(name, gates), name);
            }
        }
    }

    @Test
    void definitionsOnRandomRows() {
        SplittableRandom random = new SplittableRandom(6);
        for (int repeat = 0; repeat < 60; repeat++) {
            int n = 2 + random.nextInt(300);
            float[] row = repeat % 2 == 0 ? Rows.normal(random, n) : Rows.sparse(random, n);
            double[] x = IntStream.range(0, n).mapToDouble(i -> row[i]).toArray();
            double one = Arrays.stream(x).map(Math::abs).sum();
            double two = Arrays.stream(x).map(v -> v * v).sum();
            double four = Arrays.stream(x).map(v -> v * v * v * v).sum();
            assertEquals((Math.sqrt(n) - one / Math.sqrt(two)) / (Math.sqrt(n) - 1), of("hoyer", row), ROUNDING);
            assertEquals(one * one / two, of("square_hoyer", row), n * ROUNDING);
            assertEquals(two * two / four, of("participation_ratio", row), n * ROUNDING);
            assertEquals(Arrays.stream(x).filter(v -> v == 0).count() / (double) n, of("exact_zeros", row));
            double edge = 0.01 * Arrays.stream(x).map(Math::abs).max().getAsDouble();
            assertEquals(Arrays.stream(x).filter(v -> Math.abs(v) < edge).count() / (double) n, of("near_zeros", row));
            // Gini's other definition: half the mean difference of all pairs, relative to the mean.
            double differences = 0;
            for (double a : x) {
                for (double b : x) {
                    differences += Math.abs(Math.abs(a) - Math.abs(b));
                }
            }
            assertEquals(differences / (2 * n * one), of("gini", row), 1e-10);
            // Kurtosis from raw moments.
            double mean = Arrays.stream(x).sum() / n;
            double second = two / n - mean * mean;
            double third = Arrays.stream(x).map(v -> v * v * v).sum() / n;
            double fourth = four / n - 4 * mean * third + 6 * mean * mean * two / n - 3 * Math.pow(mean, 4);
            assertEquals(fourth / (second * second), of("kurtosis", row), 1e-9 * n);
        }
    }

    @Test
    void aLongNormalRowHasTheNormalDistributionsMeasures() {
        float[] row = Rows.normal(new SplittableRandom(7), 400_000);
        double sigmas = 5 / Math.sqrt(row.length);
        // Var of a normal sample's kurtosis is 24/n. E|x| = sqrt(2/pi), E x² = 1, E x⁴ = 3, and Gini of a half-normal is sqrt(2) - 1.
        assertEquals(3, of("kurtosis", row), Math.sqrt(24) * sigmas);
        assertEquals(2 / Math.PI, of("square_hoyer", row) / row.length, 2 * sigmas);
        assertEquals(1 / 3.0, of("participation_ratio", row) / row.length, 2 * sigmas);
        assertEquals(Math.sqrt(2) - 1, of("gini", row), 2 * sigmas);
    }

    @Test
    void wrongRowsAreRefused() {
        for (Measure measure : Measures.all()) {
            MeasureScratch scratch = new MeasureScratch(3);
            for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                float[] row = {1, 0, wrong};
                assertEquals(2, assertThrows(NonFiniteException.class, () -> measure.of(row, 3, scratch)).index());
                assertTrue(measure.of(row, 2, scratch) >= 0, "beyond the row nothing is looked at");
            }
            assertThrows(IllegalArgumentException.class, () -> measure.of(new float[3], 0, scratch));
            assertThrows(IllegalArgumentException.class, () -> measure.of(new float[2], 3, scratch));
            assertThrows(IllegalArgumentException.class, () -> measure.of(new float[4], 4, scratch));
            assertSame(measure, Measures.byName(measure.name()));
        }
        assertThrows(IllegalArgumentException.class, () -> new MeasureScratch(0));
        assertEquals("no measure 'l0'; there are exact_zeros, near_zeros, gini, hoyer, square_hoyer, participation_ratio, kurtosis",
                assertThrows(IllegalArgumentException.class, () -> Measures.byName("l0")).getMessage());
    }

    @Test
    void nothingIsAllocatedNorIsTheRowChanged() {
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        float[] row = Rows.normal(new SplittableRandom(8), 352);
        float[] before = row.clone();
        MeasureScratch scratch = new MeasureScratch(352);
        for (Measure measure : Measures.all()) {
            double sum = 0;
            for (int i = 0; i < 100; i++) {
                sum += measure.of(row, 352, scratch);
            }
            long thread = Thread.currentThread().getId();
            threads.getThreadAllocatedBytes(thread);
            long allocated = threads.getThreadAllocatedBytes(thread);
            for (int i = 0; i < 1000; i++) {
                sum += measure.of(row, 352, scratch);
            }
            allocated = threads.getThreadAllocatedBytes(thread) - allocated;
            assertTrue(allocated < 1000, () -> measure.name() + " allocates");
            assertTrue(sum >= 0);
        }
        assertArrayEquals(before, row);
    }

    private static double of(String name, float[] row) {
        return Measures.byName(name).of(row, row.length, new MeasureScratch(row.length));
    }
}
