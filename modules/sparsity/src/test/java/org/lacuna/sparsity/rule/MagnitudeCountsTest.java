package org.lacuna.sparsity.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MagnitudeCountsTest {
    @Test
    void theThresholdLeavesTheShareOut() {
        MagnitudeCounts counts = new MagnitudeCounts();
        for (float v : new float[] {4, -1, 2, -3, 5, -8, 7, 6, 10, 9}) {
            counts.add(v);
        }
        assertEquals(10, counts.total());
        assertEquals(0, counts.threshold(0));
        for (int tenths = 1; tenths < 10; tenths++) {
            double theta = counts.threshold(tenths / 10.0);
            assertTrue(theta > tenths && theta <= tenths + 1, tenths + " of ten lie below " + theta);
        }
        assertEquals(Double.POSITIVE_INFINITY, counts.threshold(1));
    }

    @Test
    void isNearTheExactQuantileOfAStream() {
        MagnitudeCounts counts = new MagnitudeCounts();
        Random random = new Random(5);
        float[] values = new float[100_000];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * Math.exp(3 * random.nextGaussian()));
            counts.add(values[i]);
            values[i] = Math.abs(values[i]);
        }
        Arrays.sort(values);
        for (double share : new double[] {0.001, 0.1, 0.5, 0.9, 0.999}) {
            double theta = counts.threshold(share);
            assertTrue(below(values, theta * (1 - 0x1p-10)) <= share * values.length, "a threshold smaller by what is not told apart leaves less out");
            assertTrue(below(values, theta * (1 + 0x1p-10)) >= share * values.length, "and one larger by that more");
        }
    }

    private static long below(float[] values, double theta) {
        int count = 0;
        for (float v : values) {
            count += v < theta ? 1 : 0;
        }
        return count;
    }

    @Test
    void zerosAreTheSmallest() {
        MagnitudeCounts counts = new MagnitudeCounts();
        for (int i = 0; i < 90; i++) {
            counts.add(i % 2 == 0 ? 0f : -0f);
        }
        for (int i = 0; i < 10; i++) {
            counts.add(1 + i);
        }
        double theta = counts.threshold(0.5);
        assertTrue(theta > 0 && theta <= 1, "nothing but zeros lies below " + theta);
        assertTrue(counts.threshold(0.95) > 5);
    }

    @Test
    void refusesWhatHasNoAnswer() {
        MagnitudeCounts counts = new MagnitudeCounts();
        assertThrows(IllegalArgumentException.class, () -> counts.threshold(0.5));
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            assertThrows(IllegalArgumentException.class, () -> counts.add(bad));
        }
        counts.add(1);
        for (double bad : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThrows(IllegalArgumentException.class, () -> counts.threshold(bad));
        }
    }
}
