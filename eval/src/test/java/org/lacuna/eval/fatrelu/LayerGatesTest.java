package org.lacuna.eval.fatrelu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayerGatesTest {
    /** Gates 1/8, 1/4, 1/2, 1 and one that is off, out of order; i = gate; what each adds to the output: (3, 0), (0, 4), (0, 8), (13, 0), all (16, 12) of norm 20. */
    private static final float[] GATES = {0.5f, 0, 0.125f, 1, 0.25f};
    private static final float[] DOWN = {0, 99, 24, 13, 0, /**/ 16, 99, 0, 0, 16};

    private static LayerGates planted() {
        LayerGates gates = new LayerGates(1);
        assertTrue(gates.set(0, FloatBuffer.wrap(GATES), FloatBuffer.wrap(GATES), 0, 5, FloatBuffer.wrap(DOWN), 2));
        return gates;
    }

    @Test
    void theErrorIsThatOfWhatIsBelowTheThreshold() {
        LayerGates gates = planted();
        assertEquals(0, gates.cett(0.125f));
        assertEquals(3.0 / 20, gates.cett(Math.nextUp(0.125f)), 1e-15);
        assertEquals(3.0 / 20, gates.cett(0.25f), 1e-15);
        assertEquals(5.0 / 20, gates.cett(0.3f), 1e-15);
        assertEquals(Math.sqrt(9 + 144) / 20, gates.cett(1), 1e-15);
        assertEquals(1, gates.cett(2), 1e-15);
    }

    @ParameterizedTest
    @CsvSource({"0.1, 0.125", "0.149, 0.125", "0.151, 0.25", "0.2, 0.25", "0.251, 0.5", "0.6, 0.5", "0.7, 1", "0.99, 1"})
    void theThresholdIsTheLargestWithinTheBound(double most, float threshold) {
        assertEquals(threshold, planted().threshold(most));
    }

    @Test
    void theMeanIsOverTokens() {
        LayerGates gates = new LayerGates(2);
        gates.set(0, FloatBuffer.wrap(GATES), FloatBuffer.wrap(GATES), 0, 5, FloatBuffer.wrap(DOWN), 2);
        float[] second = {0, 0, 0, 0, 0, /**/ 0, 0, 0.2f, 0, 0};
        gates.set(1, FloatBuffer.wrap(second), FloatBuffer.wrap(second), 5, 5, FloatBuffer.wrap(DOWN), 2);
        assertEquals((0.15 + 0) / 2, gates.cett(0.2f), 1e-15);
        assertEquals((0.15 + 1) / 2, gates.cett(0.25f), 1e-15);
        assertEquals(0.2f, gates.threshold(0.2));
    }

    /** One token of ten has an open gate: without it the mean error is a tenth. */
    @Test
    void whereEverythingMayGoItDoes() {
        LayerGates gates = new LayerGates(10);
        float[] closed = new float[5];
        for (int token = 0; token < 10; token++) {
            FloatBuffer row = FloatBuffer.wrap(token == 3 ? GATES : closed);
            gates.set(token, row, row, 0, 5, FloatBuffer.wrap(DOWN), 2);
        }
        assertEquals(Math.nextUp(1f), gates.threshold(0.2));
        assertEquals(0.1, gates.cett(gates.threshold(0.2)), 1e-15);
        assertEquals(1, gates.threshold(0.09));
    }

    @Test
    void whereNothingIsThereToDropTheThresholdIsZero() {
        LayerGates off = new LayerGates(1);
        assertTrue(off.set(0, FloatBuffer.wrap(new float[5]), FloatBuffer.wrap(new float[5]), 0, 5, FloatBuffer.wrap(DOWN), 2));
        assertEquals(0, off.threshold(0.5));
        assertEquals(0, off.cett(3));
        LayerGates useless = new LayerGates(1);
        assertTrue(useless.set(0, FloatBuffer.wrap(GATES), FloatBuffer.wrap(GATES), 0, 5, FloatBuffer.wrap(new float[10]), 2));
        assertEquals(0, useless.threshold(0.5));
    }

    @Test
    void whatIsNotFiniteIsNoticed() {
        float[] bad = {0, Float.NaN, 0.125f, 1, 0.25f};
        assertFalse(new LayerGates(1).set(0, FloatBuffer.wrap(bad), FloatBuffer.wrap(bad), 0, 5, FloatBuffer.wrap(DOWN), 2));
    }

    /** Word for word as CETT is defined, at the threshold found and right above it. */
    @Test
    void agreesWithTheDefinition() {
        Random random = new Random(1);
        int tokens = 7;
        int inner = 33;
        int hidden = 5;
        float[] gate = new float[tokens * inner];
        float[] i = new float[tokens * inner];
        float[] down = new float[hidden * inner];
        for (int k = 0; k < gate.length; k++) {
            gate[k] = Math.max(0, (float) random.nextGaussian());
            i[k] = gate[k] * (float) random.nextGaussian();
        }
        for (int k = 0; k < down.length; k++) {
            down[k] = (float) random.nextGaussian();
        }
        LayerGates gates = new LayerGates(tokens);
        for (int t = 0; t < tokens; t++) {
            assertTrue(gates.set(t, FloatBuffer.wrap(gate), FloatBuffer.wrap(i), t * inner, inner, FloatBuffer.wrap(down), hidden));
        }
        for (double most : new double[] {0.01, 0.1, 0.3, 0.8}) {
            float threshold = gates.threshold(most);
            assertEquals(naive(gate, i, down, tokens, inner, hidden, threshold), gates.cett(threshold), 1e-12);
            assertTrue(naive(gate, i, down, tokens, inner, hidden, threshold) <= most);
            assertTrue(naive(gate, i, down, tokens, inner, hidden, Math.nextUp(threshold)) > most);
        }
    }

    private static double naive(float[] gate, float[] i, float[] down, int tokens, int inner, int hidden, float threshold) {
        double mean = 0;
        for (int t = 0; t < tokens; t++) {
            double dropped = 0;
            double whole = 0;
            for (int d = 0; d < hidden; d++) {
                double sum = 0;
                double all = 0;
                for (int j = 0; j < inner; j++) {
                    double term = (double) i[t * inner + j] * down[d * inner + j];
                    all += term;
                    sum += gate[t * inner + j] < threshold ? term : 0;
                }
                dropped += sum * sum;
                whole += all * all;
            }
            mean += Math.sqrt(dropped / whole) / tokens;
        }
        return mean;
    }
}
