package org.lacuna.model.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class HalvesTest {
    @Test
    void everyBinary16IsWhatItsDefinitionSays() {
        int n = 1 << 16;
        short[] halves = new short[n];
        float[] floats = new float[n];
        for (int i = 0; i < n; i++) {
            halves[i] = (short) i;
        }
        Halves.widen(halves, floats, n);
        for (int i = 0; i < n; i++) {
            double sign = i < 1 << 15 ? 1 : -1;
            int exponent = i >> 10 & 31;
            int fraction = i & 1023;
            double expected;
            if (exponent == 31) {
                expected = fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
            } else if (exponent == 0) {
                expected = sign * fraction * Math.pow(2, -24);
            } else {
                expected = sign * (1 + fraction / 1024.0) * Math.pow(2, exponent - 15);
            }
            assertEquals(expected, (double) floats[i], Integer.toHexString(i));
        }
    }

    @Test
    void theNearestBfloat16IsTheNearest() {
        Random random = new Random(2);
        float[] x = new float[1];
        short[] half = new short[1];
        float[] back = new float[1];
        for (int i = 0; i < 100_000; i++) {
            x[0] = Float.intBitsToFloat(random.nextInt());
            Halves.roundToBfloat16(x, half, 1);
            Halves.widenBfloat16(half, back, 1);
            if (Float.isFinite(x[0]) && Float.isFinite(back[0])) {
                // No neighbour is nearer; the error of a float as a double is exact.
                double error = Math.abs((double) back[0] - x[0]);
                for (int step : new int[] {-1, 1}) {
                    float other = Float.intBitsToFloat(half[0] + step << 16);
                    assertTrue(!Float.isFinite(other) || Math.abs((double) other - x[0]) >= error, x[0] + " became " + back[0]);
                }
            } else {
                assertEquals(Float.isNaN(x[0]), Float.isNaN(back[0]));
            }
        }
    }
}
