package org.lacuna.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SamplingTest {
    private static final float[] LOGITS = {(float) Math.log(1), (float) Math.log(5), (float) Math.log(2), (float) Math.log(2)};

    private static double[] shares(Sampling sampling) {
        SplittableRandom random = new SplittableRandom(1);
        double[] shares = new double[4];
        for (int i = 0; i < 20_000; i++) {
            shares[sampling.next(LOGITS, random)] += 1 / 20_000.0;
        }
        return shares;
    }

    @Test
    void tokensAreDrawnByTheSoftmaxOfTheLogits() {
        double[] shares = shares(new Sampling(1, 0, 1));
        double[] expected = {0.1, 0.5, 0.2, 0.2};
        for (int id = 0; id < 4; id++) {
            // Four standard deviations of a share of 20,000 draws.
            assertEquals(expected[id], shares[id], 4 * Math.sqrt(0.25 / 20_000));
        }
    }

    @Test
    void temperatureDividesTheLogits() {
        // Halving the temperature squares the odds: 25 to 4 to 4 to 1.
        assertEquals(25 / 34.0, shares(new Sampling(0.5, 0, 1))[1], 4 * Math.sqrt(0.25 / 20_000));
    }

    @Test
    void topKLeavesTheKLargestTheLowerIdFirst() {
        double[] shares = shares(new Sampling(1, 2, 1));
        assertEquals(5 / 7.0, shares[1], 4 * Math.sqrt(0.25 / 20_000));
        assertEquals(0.0, shares[0] + shares[3]);
    }

    @Test
    void topPLeavesTheFewestThatHaveTheShare() {
        // 0.5 + 0.2 of the odds 5, 2, 2, 1: two tokens have 0.7, a third is needed for more.
        double[] two = shares(new Sampling(1, 0, 0.69));
        assertEquals(5 / 7.0, two[1], 4 * Math.sqrt(0.25 / 20_000));
        assertEquals(0.0, two[0] + two[3]);
        double[] three = shares(new Sampling(1, 0, 0.71));
        assertEquals(5 / 9.0, three[1], 4 * Math.sqrt(0.25 / 20_000));
        assertEquals(0.0, three[0]);
        assertEquals(1.0, shares(new Sampling(1, 0, 0.1))[1], 1e-9);
    }

    /** Of the k largest, top-p takes the share of their own probability. */
    @Test
    void topPComesAfterTopK() {
        double[] shares = shares(new Sampling(1, 2, 0.72));
        assertEquals(5 / 7.0, shares[1], 4 * Math.sqrt(0.25 / 20_000));
        assertEquals(1.0, shares(new Sampling(1, 2, 0.71))[1], 1e-9);
    }

    @Test
    void negativeAndEqualLogitsAreRanked() {
        float[] logits = {-3, -0f, 0f, -1, Float.NEGATIVE_INFINITY};
        SplittableRandom random = new SplittableRandom(1);
        double[] shares = new double[5];
        for (int i = 0; i < 1000; i++) {
            shares[new Sampling(1, 2, 1).next(logits, random)]++;
        }
        assertEquals(1000, shares[1] + shares[2]);
        assertEquals(1, new Sampling(0, 0, 1).next(logits, random));
    }

    @Test
    void atTemperatureZeroTheLargestIsTaken() {
        assertEquals(1.0, shares(new Sampling(0, 0, 1))[1], 1e-9);
    }

    @Test
    void valuesOutsideTheirRangesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Sampling(-1, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new Sampling(1, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new Sampling(1, 0, 1.1));
        assertThrows(IllegalArgumentException.class, () -> new Sampling(1, 0, Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> new Sampling(Double.NaN, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new Sampling(1, -1, 1));
    }
}
