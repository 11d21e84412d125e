package org.lacuna.sparsity.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ExamplesNeededTest {

    /** 0 and 2, half of each: mean 1, deviation sqrt(4 / 3) of 4 examples. Bar 0.5: (1.959964 · 1.154701 / 0.5)² = 20.49. */
    @Test
    void fourExamplesByHand() {
        double[] differences = {0, 2, 0, 2};
        ExamplesNeeded needed = ExamplesNeeded.of(differences, 0.5, 0.95);
        assertEquals(1, needed.mean());
        assertEquals(Math.sqrt(4 / 3.0), needed.deviation(), 1e-15);
        assertEquals(OptionalLong.of(21), needed.examples());
        assertFalse(needed.resolved());
        // 68.27 % is one standard deviation: (1.154701 / 0.5)² = 5.33; on the other side of the mean as on this.
        assertEquals(OptionalLong.of(6), ExamplesNeeded.of(differences, 0.5, 0.6826894921).examples());
        assertEquals(OptionalLong.of(6), ExamplesNeeded.of(differences, 1.5, 0.6826894921).examples());
        // A bar of -1 is two away: (1.959964 · 1.154701 / 2)² = 1.28, so 4 are enough.
        assertEquals(OptionalLong.of(2), ExamplesNeeded.of(differences, -1, 0.95).examples());
        assertTrue(ExamplesNeeded.of(differences, -1, 0.95).resolved());
    }

    @Test
    void noNumberOfExamplesTellsAMeanFromItself() {
        ExamplesNeeded needed = ExamplesNeeded.of(new double[] {0, 2}, 1, 0.95);
        assertFalse(needed.resolved());
        assertEquals(OptionalLong.empty(), needed.examples());
    }

    @Test
    void examplesThatAreAllAlikeNeedButOne() {
        ExamplesNeeded needed = ExamplesNeeded.of(new double[] {3, 3, 3}, 2, 0.95);
        assertTrue(needed.resolved());
        assertEquals(OptionalLong.of(1), needed.examples());
    }

    /** The answer is resolved exactly if the interval leaves the bar out, and the number grows with z² and with the inverse square of the distance. */
    @Test
    void agreesWithTheIntervalItselfWhateverTheSample() {
        SplittableRandom random = new SplittableRandom(6);
        for (int round = 0; round < 1000; round++) {
            int n = 2 + random.nextInt(60);
            double[] differences = random.doubles(n).map(u -> 4 * u - 1.9).toArray();
            double bar = random.nextDouble() - 0.5;
            ExamplesNeeded needed = ExamplesNeeded.of(differences, bar, 0.95);
            double half = 1.9599639845400545 * needed.deviation() / Math.sqrt(n);
            assertEquals(Math.abs(needed.mean() - bar) >= half, needed.resolved());
            long examples = needed.examples().orElseThrow();
            assertEquals(needed.resolved(), examples <= n);
            double distance = Math.abs(needed.mean() - bar);
            assertTrue(1.95996 * needed.deviation() / Math.sqrt(examples) <= distance);
            assertTrue(examples == 1 || 1.95997 * needed.deviation() / Math.sqrt(examples - 1) >= distance);
        }
    }

    /** Planted effects: the estimate from a large sample is the true number, and samples of that size resolve the bar about every second time. */
    @Test
    void aPlantedEffectNeedsWhatIsSaid() {
        SplittableRandom random = new SplittableRandom(12);
        for (double effect : new double[] {0.1, 0.2, 0.4}) {
            // A fair ±1 noise about the effect: a deviation of 1.
            double expected = Math.pow(1.959964 / effect, 2);
            long needed = ExamplesNeeded.of(sample(40_000, effect, random), 0, 0.95).examples().orElseThrow();
            assertEquals(expected, needed, 0.25 * expected);
            int resolved = 0;
            int trials = 2000;
            for (int trial = 0; trial < trials; trial++) {
                resolved += ExamplesNeeded.of(sample((int) Math.ceil(expected), effect, random), 0, 0.95).resolved() ? 1 : 0;
            }
            assertEquals(0.5, resolved / (double) trials, 0.1);
        }
    }

    private static double[] sample(int n, double effect, SplittableRandom random) {
        double[] sample = new double[n];
        Arrays.setAll(sample, i -> effect + (random.nextBoolean() ? 1 : -1));
        return sample;
    }

    @Test
    void refusesWhatHasNoDeviation() {
        assertThrows(IllegalArgumentException.class, () -> ExamplesNeeded.of(new double[1], 0, 0.95));
        assertThrows(IllegalArgumentException.class, () -> ExamplesNeeded.of(new double[] {1, Double.NaN}, 0, 0.95));
        assertThrows(IllegalArgumentException.class, () -> ExamplesNeeded.of(new double[] {1, 2}, Double.NaN, 0.95));
        assertThrows(IllegalArgumentException.class, () -> ExamplesNeeded.of(new double[] {1, 2}, 0, 1));
    }
}
