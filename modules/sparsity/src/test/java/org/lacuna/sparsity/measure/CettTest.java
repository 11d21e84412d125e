package org.lacuna.sparsity.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.lacuna.sparsity.rule.NonFiniteException;

class CettTest {
    private static final int[] SCRATCH = new int[100];

    /** Neurons give (2, 0), (0, 3) and (2, −2) · ½: the output is (3, 2), and without the first (1, 2). */
    @Test
    void byHand() {
        float[] intermediate = {2, -1, 0.5f};
        float[] down = {1, 0, 2, /**/ 0, -3, -2};
        assertEquals(2 / Math.sqrt(13), Cett.of(intermediate, 3, new long[] {0b110}, down, 2, SCRATCH), 1e-15);
        assertEquals(Math.sqrt(5) / Math.sqrt(13), Cett.of(intermediate, 3, new long[] {0b001}, down, 2, SCRATCH), 1e-15);
        assertEquals(0, Cett.of(intermediate, 3, new long[] {0b111}, down, 2, SCRATCH));
        assertEquals(1, Cett.of(intermediate, 3, new long[] {0}, down, 2, SCRATCH));
    }

    @Test
    void theDefinitionOnRandomNeurons() {
        SplittableRandom random = new SplittableRandom(1);
        for (int repeat = 0; repeat < 50; repeat++) {
            int f = 1 + random.nextInt(100);
            int d = 1 + random.nextInt(20);
            float[] intermediate = Rows.sparse(random, f);
            intermediate[0] = 1;
            float[] down = Rows.normal(random, d * f);
            long[] kept = {random.nextLong(), random.nextLong()};
            if (f <= 64) {
                kept = new long[] {f == 64 ? kept[0] : kept[0] & (1L << f) - 1};
            } else {
                kept[1] &= (1L << f) - 1;
            }
            double[] lost = new double[d];
            double[] all = new double[d];
            for (int j = 0; j < f; j++) {
                boolean isLost = (kept[j / 64] >> j % 64 & 1) == 0;
                for (int r = 0; r < d; r++) {
                    all[r] += (double) intermediate[j] * down[r * f + j];
                    lost[r] += isLost ? (double) intermediate[j] * down[r * f + j] : 0;
                }
            }
            double expected = norm(lost) / norm(all);
            assertEquals(expected, Cett.of(intermediate, f, kept, down, d, SCRATCH), 1e-10 * expected);
            for (int j = 0; j < f; j++) {
                intermediate[j] *= -0x1p-40f;
            }
            assertEquals(expected, Cett.of(intermediate, f, kept, down, d, SCRATCH), 1e-10 * expected, "the scale does not matter");
        }
    }

    private static double norm(double[] v) {
        double squares = 0;
        for (double x : v) {
            squares += x * x;
        }
        return Math.sqrt(squares);
    }

    @Test
    void zerosAndWhatCancels() {
        float[] down = {1, 1};
        assertEquals(0, Cett.of(new float[2], 2, new long[1], down, 1, SCRATCH), "no output, no error");
        assertEquals(0, Cett.of(new float[] {1, 0}, 2, new long[] {1}, down, 1, SCRATCH), "a zero is left out for nothing");
        assertEquals(Double.POSITIVE_INFINITY, Cett.of(new float[] {1, -1}, 2, new long[] {1}, down, 1, SCRATCH));
        assertEquals(2, Cett.of(new float[] {-1, 2}, 2, new long[] {1}, down, 1, SCRATCH), "what is kept would have cancelled half");
    }

    @Test
    void whatIsRefused() {
        float[] row = {1, 2};
        long[] none = new long[1];
        assertThrows(IllegalArgumentException.class, () -> Cett.of(row, 2, none, new float[3], 1, SCRATCH));
        assertThrows(IllegalArgumentException.class, () -> Cett.of(row, 3, none, new float[3], 1, SCRATCH));
        assertThrows(IllegalArgumentException.class, () -> Cett.of(row, 2, none, new float[2], 1, new int[1]));
        assertThrows(IllegalArgumentException.class, () -> Cett.of(row, 2, new long[] {4}, new float[2], 1, SCRATCH));
        assertThrows(IllegalArgumentException.class, () -> Cett.of(row, 2, none, new float[] {Float.NaN, 1}, 1, SCRATCH));
        assertEquals(1, assertThrows(NonFiniteException.class, () -> Cett.of(new float[] {1, Float.NaN}, 2, none, new float[2], 1, SCRATCH)).index());
    }
}
