package org.lacuna.sparsity.rule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ControlsTest {
    @Test
    void bottomKKeepsTheSmallestNonZeros() {
        float[] v = {3, 0, -1, 2, 1, -4};
        assertArrayEquals(new int[] {}, kept("bottom_k", v, 0));
        assertArrayEquals(new int[] {2}, kept("bottom_k", v, 1 / 6.0));
        assertArrayEquals(new int[] {2, 4}, kept("bottom_k", v, 2 / 6.0));
        assertArrayEquals(new int[] {2, 3, 4}, kept("bottom_k", v, 0.5));
        assertArrayEquals(new int[] {0, 2, 3, 4, 5}, kept("bottom_k", v, 1));
    }

    @Test
    void topKAndBottomKShareTheRow() {
        Random random = new Random(1);
        float[] v = new float[100];
        for (int i = 0; i < v.length; i++) {
            v[i] = (float) random.nextGaussian();
        }
        for (double f : new double[] {0, 0.13, 0.5, 0.99, 1}) {
            int[] largest = kept("top_k", v, f);
            int[] others = kept("bottom_k", v, 1 - f);
            assertEquals(v.length, largest.length + others.length);
            assertTrue(Arrays.stream(largest).noneMatch(i -> Arrays.binarySearch(others, i) >= 0));
        }
    }

    @Test
    void randomKKeepsAsManyAsTopKAndEachEntryAsOften() {
        int n = 50;
        int[] times = new int[n];
        Random random = new Random(7);
        int rows = 20_000;
        for (int row = 0; row < rows; row++) {
            float[] v = new float[n];
            for (int i = 0; i < n; i++) {
                v[i] = i == 0 ? 100 : (float) random.nextGaussian();
            }
            int[] kept = kept("random_k", v, 0.3);
            assertEquals(15, kept.length);
            Arrays.stream(kept).forEach(i -> times[i]++);
        }
        // 0.3 · rows, off by less than 5 standard deviations, sqrt(0.3 · 0.7 · rows) = 65
        for (int i = 0; i < n; i++) {
            assertEquals(0.3 * rows, times[i], 325, "entry " + i);
        }
    }

    @Test
    void randomKIsTheSameForAnEqualRowAndNested() {
        float[] v = {1, 2, 0, 4, 5, 6, 7, 8, 9, 10};
        int[] all = kept("random_k", v, 1);
        assertArrayEquals(new int[] {0, 1, 3, 4, 5, 6, 7, 8, 9}, all);
        int[] before = {};
        for (double f = 0; f <= 1; f += 0.1) {
            int[] now = kept("random_k", v, f);
            assertArrayEquals(now, kept("random_k", v.clone(), f));
            assertTrue(Arrays.stream(before).allMatch(i -> Arrays.binarySearch(now, i) >= 0));
            before = now;
        }
        float[] other = v.clone();
        other[9] = 11;
        assertTrue(!Arrays.equals(kept("random_k", v, 0.4), kept("random_k", other, 0.4)), "another row, another choice");
    }

    @Test
    void refuseWhatIsNoFraction() {
        for (String rule : new String[] {"bottom_k", "random_k"}) {
            for (double f : new double[] {-0.1, 1.1, Double.NaN}) {
                assertThrows(IllegalArgumentException.class, () -> kept(rule, new float[] {1}, f));
            }
            assertThrows(NonFiniteException.class, () -> kept(rule, new float[] {1, Float.NaN}, 0.5));
        }
    }

    private static int[] kept(String rule, float[] v, double parameter) {
        long[] bits = new long[(v.length + 63) / 64];
        Arrays.fill(bits, -1);
        int count = Rules.byName(rule).keep(v, v.length, new double[] {parameter}, 0, bits, new RowScratch(v.length));
        int[] kept = IntStream.range(0, bits.length * 64).filter(i -> (bits[i >> 6] & 1L << i) != 0).toArray();
        assertEquals(count, kept.length);
        return kept;
    }
}
