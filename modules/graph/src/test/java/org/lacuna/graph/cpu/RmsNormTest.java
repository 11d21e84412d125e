package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.RmsNorm;
import org.lacuna.graph.op.RmsNormGrad;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * The kernels' bounds follow from two rules: a sum of K terms may be off by 4·√K·2⁻²⁴·Σ|terms|, an elementwise result by
 * 4 ulp (4·2⁻²³ of it at most). The sum of D squares is thus right to a relative 4·√D·2⁻²⁴, and r, its root's
 * reciprocal, to half of that and 4 ulp.
 */
class RmsNormTest {
    private static final double ULPS = 4 * 0x1p-23;
    private static final double EPSILON = 1e-5;
    private static final OpCheck.Build NORM = (sd, in) -> new SDVariable[] {RmsNorm.of(sd, "y", in[0], in[1], EPSILON)};
    private static final OpCheck.Build GRADIENT = (sd, in) -> RmsNormGrad.of(sd, in[0], in[1], in[2], EPSILON, 0);

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 100, 256})
    void kernelEqualsReference(int d) {
        Random random = new Random(d);
        checkNorm(d, OpCheck.outcome(NORM, OpCheck.normal(random, 2, true, 2, 5, d), OpCheck.normal(random, 1, true, d)));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 100, 256})
    void bf16KernelsEqualReference(int d) {
        Random random = new Random(d);
        OpCheck.narrowOutcomes(NORM, OpCheck.normal(random, 2, true, 2, 5, d), OpCheck.normal(random, 1, true, d)).forEach(o -> checkNorm(d, o));
    }

    private static void checkNorm(int d, OpCheck.Outcome o) {
        double relative = OpCheck.sumError(d) / 2 + ULPS + ULPS;
        double[] reference = o.reference().get(0);
        for (int i = 0; i < reference.length; i++) {
            o.assertWithin(relative * Math.abs(reference[i]), 0, i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 100, 256})
    void referenceIsTheFormula(int d) {
        Random random = new Random(d);
        OpCheck.Input x = OpCheck.normal(random, 1e-3, true, 1, 2, d);
        OpCheck.Input w = OpCheck.normal(random, 1, true, d);
        double[] reference = OpCheck.outcome(NORM, x, w).reference().get(0);
        for (int row = 0; row < 2; row++) {
            double mean = 0;
            for (int i = 0; i < d; i++) {
                mean += x.values()[row * d + i] * x.values()[row * d + i] / d;
            }
            for (int i = 0; i < d; i++) {
                double y = x.values()[row * d + i] / Math.sqrt(mean + EPSILON) * w.values()[i];
                assertEquals(y, reference[row * d + i], 1e-13 * Math.abs(y));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 100, 256})
    void gradientKernelEqualsReference(int d) {
        Random random = new Random(d);
        OpCheck.Input dy = OpCheck.normal(random, 1, true, 2, 7, d);
        OpCheck.Input x = OpCheck.normal(random, 2, true, 2, 7, d);
        OpCheck.Input w = OpCheck.normal(random, 1, true, d);
        checkGradient(d, dy, x, w, OpCheck.outcome(GRADIENT, dy, x, w));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 100, 256})
    void bf16GradientKernelsEqualReference(int d) {
        Random random = new Random(d);
        OpCheck.Input dy = OpCheck.normal(random, 1, true, 2, 7, d).rounded();
        OpCheck.Input x = OpCheck.normal(random, 2, true, 2, 7, d);
        OpCheck.Input w = OpCheck.normal(random, 1, true, d);
        OpCheck.narrowOutcomes(GRADIENT, dy, x, w).forEach(o -> checkGradient(d, dy, x, w, o));
    }

    private static void checkGradient(int d, OpCheck.Input dy, OpCheck.Input x, OpCheck.Input w, OpCheck.Outcome o) {
        int rows = 2 * 7;
        double rError = OpCheck.sumError(d) / 2 + ULPS;
        double[] weightTerms = new double[d];
        for (int row = 0; row < rows; row++) {
            double squares = 0;
            double products = 0;
            double magnitudes = 0;
            for (int i = 0; i < d; i++) {
                double a = x.values()[row * d + i];
                double product = dy.values()[row * d + i] * w.values()[i] * a;
                squares += a * a;
                products += product;
                magnitudes += Math.abs(product);
            }
            double r = 1 / Math.sqrt(squares / d + EPSILON);
            double pull = r * r * r * products / d;
            double pullError = r * r * r * (OpCheck.sumError(d) + ULPS) * magnitudes / d + 3 * rError * Math.abs(pull);
            for (int i = 0; i < d; i++) {
                int at = row * d + i;
                double a = Math.abs(x.values()[at]);
                double direct = Math.abs(r * dy.values()[at] * w.values()[i]);
                double bound = direct * (rError + ULPS) + a * pullError + a * Math.abs(pull) * ULPS
                        + OpCheck.sumError(2) * (direct + a * Math.abs(pull));
                o.assertWithin(bound, 0, at);
                weightTerms[i] += Math.abs(dy.values()[at]) * a * r;
            }
        }
        for (int i = 0; i < d; i++) {
            double bound = weightTerms[i] * (rError + ULPS + OpCheck.sumError(rows));
            o.assertWithin(bound, 1, i);
        }
    }

    /** Groups are rows: what is normed head by head is what a tensor of the heads as rows gives; so is its gradient. */
    @ParameterizedTest
    @CsvSource({"1, 3", "4, 16", "3, 17", "5, 100"})
    void aGroupIsARow(int groups, int d) {
        Random random = new Random(d);
        double[] x = OpCheck.normal(random, 2, true, 2, 150, groups * d).values();
        double[] dy = OpCheck.normal(random, 2, true, 2, 150, groups * d).values();
        OpCheck.Input w = OpCheck.normal(random, 1, true, d);
        OpCheck.Build norm = (sd, in) -> new SDVariable[] {RmsNorm.of(sd, "y", in[0], in[1], EPSILON, 1)};
        OpCheck.Build gradient = (sd, in) -> RmsNormGrad.of(sd, in[0], in[1], in[2], EPSILON, 1);
        OpCheck.Input shifted = OpCheck.floats(Arrays.stream(w.values()).map(v -> 1 + v).toArray(), true, d);
        for (boolean grouped : new boolean[] {true, false}) {
            long[] shape = grouped ? new long[] {2, 150, groups * d} : new long[] {2, 150 * groups, d};
            OpCheck.Outcome y = OpCheck.outcome(norm, OpCheck.floats(x, true, shape), w);
            checkNorm(d, y);
            OpCheck.Outcome plain = OpCheck.outcome(NORM, OpCheck.floats(x, true, 2, 150 * groups, d), shifted);
            assertArrayEquals(plain.reference().get(0), y.reference().get(0), 1e-5);
            OpCheck.Outcome g = OpCheck.outcome(gradient, OpCheck.floats(dy, true, shape), OpCheck.floats(x, true, shape), w);
            OpCheck.Outcome plainG = OpCheck.outcome(GRADIENT, OpCheck.floats(dy, true, 2, 150 * groups, d), OpCheck.floats(x, true, 2, 150 * groups, d), shifted);
            for (int output = 0; output < 2; output++) {
                double largest = Arrays.stream(plainG.reference().get(output)).map(Math::abs).max().getAsDouble();
                assertArrayEquals(plainG.reference().get(output), g.reference().get(output), 1e-6 * largest);
                assertArrayEquals(g.reference().get(output), g.kernel().get(output), 1e-5 * largest);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void gradientOfGroupsEqualsDifferences(int groups) {
        Random random = new Random(groups);
        OpCheck.Build norm = (sd, in) -> new SDVariable[] {RmsNorm.of(sd, "y", in[0], in[1], EPSILON, 1)};
        OpCheck.assertGradients(norm, 1e-4, 1e-6, OpCheck.normal(random, 1, true, 1, 3, groups * 5), OpCheck.normal(random, 1, true, 5));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void gradientEqualsDifferences(int d) {
        Random random = new Random(d);
        OpCheck.assertGradients(NORM, 1e-4, 1e-6, OpCheck.normal(random, 1, true, 1, 3, d), OpCheck.normal(random, 1, true, d));
    }

    @Test
    void kernelsAllocateNothing() {
        Random random = new Random(1);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 2, 3, 37);
        OpCheck.Input w = OpCheck.normal(random, 1, true, 37);
        Allocations.assertNone(NORM, x, w);
        Allocations.assertNone(GRADIENT, x, x, w);
    }

    @Test
    void bf16KernelsAllocateNothing() {
        Random random = new Random(1);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 2, 3, 37);
        OpCheck.Input w = OpCheck.normal(random, 1, true, 37);
        Allocations.assertNoneNarrow(NORM, x, w);
        Allocations.assertNoneNarrow(GRADIENT, x, x, w);
    }

    @Test
    void refusesAWeightOfAnotherLength() {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(NORM,
                OpCheck.normal(new Random(1), 1, true, 1, 2, 4), OpCheck.normal(new Random(1), 1, true, 3)));
        assertTrue(e.getMessage().contains("[1, 2, 4]") && e.getMessage().contains("[3]"), e.getMessage());
    }
}
