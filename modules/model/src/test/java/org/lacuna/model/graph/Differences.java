package org.lacuna.model.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Compares tensors by their largest difference. */
final class Differences {
    private Differences() {}

    static void assertAtMost(double tolerance, String what, float[] expected, float[] found) {
        assertEquals(expected.length, found.length, what);
        double worst = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs((double) expected[i] - found[i]);
            assertTrue(Double.isFinite(difference), what + "[" + i + "] is " + found[i] + ", expected " + expected[i]);
            worst = Math.max(worst, difference);
        }
        assertTrue(worst <= tolerance, what + ": largest difference " + worst + ", allowed " + tolerance);
    }

    /** The tolerance that the project promises between a program and SameDiff: 1e-5 of the largest entry and 1e-7. */
    static void assertSameDiffs(String what, INDArray expected, float[] found) {
        float[] slow = expected.dup('c').data().asFloat();
        assertAtMost(1e-5 * largest(slow) + 1e-7, what, slow, found);
    }

    static double largest(float[] values) {
        double largest = 0;
        for (float v : values) {
            largest = Math.max(largest, Math.abs(v));
        }
        return largest;
    }
}
