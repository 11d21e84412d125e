package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.graph.op.CombineExperts;
import org.lacuna.graph.op.CombineExpertsGrad;
import org.nd4j.autodiff.samediff.SDVariable;

class CombineExpertsTest {
    private static final OpCheck.Build COMBINE = (sd, in) -> new SDVariable[] {CombineExperts.of(sd, "z", in[0], in[1])};
    private static final OpCheck.Build GRADIENT = (sd, in) -> CombineExpertsGrad.of(sd, in[0], in[1], in[2]);

    private final Random random = new Random(3);

    private OpCheck.Input normal(long... shape) {
        return OpCheck.normal(random, 1, true, shape);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,2,17", "7,3,1", "1,8,65", "5,5,100"})
    void kernelEqualsReference(int t, int k, int d) {
        OpCheck.Input y = normal(2, t * k, d);
        OpCheck.Input weights = normal(2, t, k);
        check(t, k, d, y, weights, List.of(OpCheck.outcome(COMBINE, y, weights)));
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,2,17", "7,3,1", "1,8,65", "5,5,100"})
    void bf16KernelsEqualReference(int t, int k, int d) {
        OpCheck.Input y = normal(2, t * k, d).rounded();
        OpCheck.Input weights = normal(2, t, k);
        check(t, k, d, y, weights, OpCheck.narrowOutcomes(COMBINE, y, weights));
    }

    private static void check(int t, int k, int d, OpCheck.Input y, OpCheck.Input weights, List<OpCheck.Outcome> outcomes) {
        for (int e = 0; e < 2 * t * d; e++) {
            double sum = 0;
            double magnitudes = 0;
            for (int r = 0; r < k; r++) {
                int row = e / d * k + r;
                double term = weights.values()[row] * y.values()[row * d + e % d];
                sum += term;
                magnitudes += Math.abs(term);
            }
            for (OpCheck.Outcome o : outcomes) {
                assertEquals(sum, o.reference().get(0)[e], 1e-14 * magnitudes, "the reference is the formula");
                o.assertWithin(OpCheck.sumError(k) * magnitudes, 0, e);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,2,17", "7,3,1", "1,8,65", "5,5,100"})
    void gradientKernelEqualsReference(int t, int k, int d) {
        OpCheck.Input dz = normal(2, t, d);
        OpCheck.Input y = normal(2, t * k, d);
        OpCheck.Input weights = normal(2, t, k);
        checkGradient(k, d, dz, y, weights, List.of(OpCheck.outcome(GRADIENT, dz, y, weights)));
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,2,17", "7,3,1", "1,8,65", "5,5,100"})
    void bf16GradientKernelsEqualReference(int t, int k, int d) {
        OpCheck.Input dz = normal(2, t, d).rounded();
        OpCheck.Input y = normal(2, t * k, d).rounded();
        OpCheck.Input weights = normal(2, t, k);
        checkGradient(k, d, dz, y, weights, OpCheck.narrowOutcomes(GRADIENT, dz, y, weights));
    }

    private static void checkGradient(int k, int d, OpCheck.Input dz, OpCheck.Input y, OpCheck.Input weights, List<OpCheck.Outcome> outcomes) {
        for (int row = 0; row < weights.values().length; row++) {
            double sum = 0;
            double magnitudes = 0;
            for (int i = 0; i < d; i++) {
                double upstream = dz.values()[row / k * d + i];
                sum += upstream * y.values()[row * d + i];
                magnitudes += Math.abs(upstream * y.values()[row * d + i]);
                for (OpCheck.Outcome o : outcomes) {
                    double dy = weights.values()[row] * upstream;
                    assertEquals(dy, o.reference().get(0)[row * d + i], 1e-14 * Math.abs(dy));
                    o.assertWithin(Math.abs(dy) * 0x1p-24, 0, row * d + i);
                }
            }
            for (OpCheck.Outcome o : outcomes) {
                assertEquals(sum, o.reference().get(1)[row], 1e-13 * magnitudes);
                o.assertWithin(OpCheck.sumError(d) * magnitudes, 1, row);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,2,5", "2,3,1"})
    void gradientEqualsDifferences(int t, int k, int d) {
        OpCheck.assertGradients(COMBINE, 1e-4, 1e-6, normal(2, t * k, d), normal(2, t, k));
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(COMBINE, normal(2, 5, 3), normal(2, 2, 2)));
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(COMBINE, normal(2, 4, 3), normal(1, 2, 2)));
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(GRADIENT, normal(2, 4, 3), normal(2, 4, 3), normal(2, 2, 2)));
    }

    @Test
    void allocatesNothing() {
        OpCheck.Input y = normal(2, 6, 37);
        OpCheck.Input weights = normal(2, 3, 2);
        Allocations.assertNone(COMBINE, y, weights);
        Allocations.assertNone(GRADIENT, normal(2, 3, 37), y, weights);
        Allocations.assertNoneNarrow(COMBINE, y, weights);
        Allocations.assertNoneNarrow(GRADIENT, normal(2, 3, 37), y, weights);
    }
}
