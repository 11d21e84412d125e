package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.LayerNorm;
import org.lacuna.graph.op.LayerNormGrad;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Bounds as in {@link RmsNormTest}; besides, the mean may be off by the error of a sum of D terms, so by that share of the mean magnitude, and
 * x − mean by as much.
 */
class LayerNormTest {
    private static final double ULPS = 4 * 0x1p-23;
    private static final double EPSILON = 1e-5;
    private static final OpCheck.Build NORM = (sd, in) -> new SDVariable[] {LayerNorm.of(sd, "y", in[0], in[1], in[2], EPSILON)};
    private static final OpCheck.Build GRADIENT = (sd, in) -> LayerNormGrad.of(sd, in[0], in[1], in[2], EPSILON);

    /** A row's figures in double, by the formula. */
    private record Row(double mean, double r, double centredError) {
        static Row of(double[] x, int from, int d) {
            double mean = 0;
            double magnitude = 0;
            for (int i = 0; i < d; i++) {
                mean += x[from + i] / d;
                magnitude += Math.abs(x[from + i]) / d;
            }
            double variance = 0;
            for (int i = 0; i < d; i++) {
                variance += (x[from + i] - mean) * (x[from + i] - mean) / d;
            }
            return new Row(mean, 1 / Math.sqrt(variance + EPSILON), OpCheck.sumError(d) * magnitude + ULPS * Math.abs(mean));
        }

        /** Of r, relative: half of that of the variance, whose terms are off by twice centredError · |x − m|. */
        double rError(int d) {
            return OpCheck.sumError(d) / 2 + ULPS + centredError * r;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 17, 100, 256})
    void kernelEqualsReference(int d) {
        Random random = new Random(d);
        OpCheck.Input[] in = {shifted(random, 2, 5, d), OpCheck.normal(random, 1, true, d), OpCheck.normal(random, 1, true, d)};
        checkNorm(d, in, OpCheck.outcome(NORM, in));
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 17, 100, 256})
    void bf16KernelsEqualReference(int d) {
        Random random = new Random(d);
        OpCheck.Input[] in = {shifted(random, 2, 5, d), OpCheck.normal(random, 1, true, d), OpCheck.normal(random, 1, true, d)};
        OpCheck.narrowOutcomes(NORM, in).forEach(o -> checkNorm(d, in, o));
    }

    private static OpCheck.Input shifted(Random random, int b, int t, int d) {
        double[] values = OpCheck.normal(random, 2, true, b, t, d).values();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] + 1.5);
        }
        return OpCheck.floats(values, true, b, t, d);
    }

    private static void checkNorm(int d, OpCheck.Input[] in, OpCheck.Outcome o) {
        double[] x = in[0].values();
        for (int i = 0; i < x.length; i++) {
            Row row = Row.of(x, i / d * d, d);
            double w = in[1].values()[i % d];
            double b = in[2].values()[i % d];
            double scaled = (x[i] - row.mean()) * row.r() * w;
            assertEquals(scaled + b, o.reference().get(0)[i], 1e-12 * (1 + Math.abs(scaled)));
            double bound = Math.abs(scaled) * (row.rError(d) + 2 * ULPS) + row.centredError() * row.r() * Math.abs(w) + OpCheck.sumError(2) * (Math.abs(scaled) + Math.abs(b));
            o.assertWithin(bound, 0, i);
        }
    }

    @ParameterizedTest
    @CsvSource({"3, 7", "17, 7", "100, 300", "256, 7"})
    void gradientKernelEqualsReference(int d, int t) {
        Random random = new Random(d);
        OpCheck.Input dy = OpCheck.normal(random, 1, true, 2, t, d).rounded();
        OpCheck.Input x = shifted(random, 2, t, d);
        OpCheck.Input w = OpCheck.normal(random, 1, true, d);
        checkGradient(d, dy, x, w, OpCheck.outcome(GRADIENT, dy, x, w));
    }

    @ParameterizedTest
    @CsvSource({"3, 7", "17, 7", "100, 300", "256, 7"})
    void bf16GradientKernelsEqualReference(int d, int t) {
        Random random = new Random(d);
        OpCheck.Input dy = OpCheck.normal(random, 1, true, 2, t, d).rounded();
        OpCheck.Input x = shifted(random, 2, t, d);
        OpCheck.Input w = OpCheck.normal(random, 1, true, d);
        OpCheck.narrowOutcomes(GRADIENT, dy, x, w).forEach(o -> checkGradient(d, dy, x, w, o));
    }

    private static void checkGradient(int d, OpCheck.Input dy, OpCheck.Input x, OpCheck.Input w, OpCheck.Outcome o) {
        int rows = x.values().length / d;
        double[] weightBounds = new double[d];
        double[] magnitudes = new double[d];
        for (int from = 0; from < x.values().length; from += d) {
            Row row = Row.of(x.values(), from, d);
            double mean = 0;
            double largest = 0;
            double pullTerms = 0;
            double gMagnitude = 0;
            for (int i = 0; i < d; i++) {
                double g = dy.values()[from + i] * w.values()[i];
                double n = (x.values()[from + i] - row.mean()) * row.r();
                mean += g / d;
                gMagnitude += Math.abs(g) / d;
                pullTerms += Math.abs(g * n) / d;
                largest = Math.max(largest, Math.abs(n));
            }
            double nError = row.rError(d) * largest + row.centredError() * row.r() + ULPS * largest;
            for (int i = 0; i < d; i++) {
                double g = dy.values()[from + i] * w.values()[i];
                double n = Math.abs((x.values()[from + i] - row.mean()) * row.r());
                double terms = Math.abs(g) + Math.abs(mean) + n * pullTerms;
                double bound = row.r() * (OpCheck.sumError(d) * (gMagnitude + n * pullTerms) + nError * (pullTerms + n * gMagnitude)
                        + terms * (2 * row.rError(d) + 2 * ULPS + OpCheck.sumError(3)));
                o.assertWithin(bound, 0, from + i);
                weightBounds[i] += Math.abs(dy.values()[from + i]) * (nError + n * (ULPS + OpCheck.sumError(rows)));
                magnitudes[i] += Math.abs(dy.values()[from + i]);
            }
        }
        for (int i = 0; i < d; i++) {
            o.assertWithin(weightBounds[i], 1, i);
            o.assertWithin(OpCheck.sumError(rows) * magnitudes[i], 2, i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 17})
    void gradientEqualsDifferences(int d) {
        Random random = new Random(d);
        OpCheck.assertGradients(NORM, 1e-4, 1e-6, OpCheck.normal(random, 1, true, 1, 3, d), OpCheck.normal(random, 1, true, d), OpCheck.normal(random, 1, true, d));
    }

    @Test
    void kernelsAllocateNothing() {
        Random random = new Random(1);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 2, 3, 37);
        OpCheck.Input w = OpCheck.normal(random, 1, true, 37);
        Allocations.assertNone(NORM, x, w, w);
        Allocations.assertNone(GRADIENT, x, x, w);
    }

    @Test
    void bf16KernelsAllocateNothing() {
        Random random = new Random(1);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 2, 3, 37);
        OpCheck.Input w = OpCheck.normal(random, 1, true, 37);
        Allocations.assertNoneNarrow(NORM, x, w, w);
        Allocations.assertNoneNarrow(GRADIENT, x, x, w);
    }

    @Test
    void refusesShapesThatDoNotFit() {
        Random random = new Random(1);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 1, 2, 4);
        OpCheck.Input w = OpCheck.normal(random, 1, true, 2);
        String message = assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(NORM, x, w, w)).getMessage();
        assertTrue(message.contains("[1, 2, 4]") && message.contains("[2]"), message);
        OpCheck.Input right = OpCheck.normal(random, 1, true, 4);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(NORM, x, right, w)).getMessage().contains("bias"));
    }
}
