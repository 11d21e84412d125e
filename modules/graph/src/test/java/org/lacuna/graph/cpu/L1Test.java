package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.L1;
import org.lacuna.graph.op.L1Grad;
import org.nd4j.autodiff.samediff.SDVariable;

class L1Test {
    private static final OpCheck.Build L1_NORM = (sd, in) -> L1.of(sd, "penalty", "zeros", in[0], in[1]);
    private static final OpCheck.Build GRAD = (sd, in) -> new SDVariable[] {L1Grad.of(sd, in[0], in[1], in[2])};

    @Test
    void weighsTokensAndCountsZeros() {
        OpCheck.Input v = OpCheck.floats(new double[] {1, -2, 0, -0.0, 0, 3, 5, 0, 5}, true, 1, 3, 3);
        OpCheck.Outcome o = OpCheck.outcome(L1_NORM, v, OpCheck.floats(new double[] {0.5, 2, 0}, false, 1, 3));
        assertEquals(0.5 * 3 + 2 * 3, o.kernel().get(0)[0]);
        assertEquals(3, o.kernel().get(1)[0]);
        assertEquals(0.5 * 3 + 2 * 3, o.reference().get(0)[0]);
        assertEquals(3, o.reference().get(1)[0]);
    }

    /** Half of the values and a third of the weights are 0. */
    private record Case(OpCheck.Input v, OpCheck.Input w, double penalty) {
        static Case random(int n) {
            Random random = new Random(n);
            double[] values = OpCheck.normal(random, 1, true, 2, 5, n).rounded().values();
            double[] weights = new double[10];
            double magnitudes = 0;
            for (int row = 0; row < 10; row++) {
                weights[row] = row % 3 == 0 ? 0 : (float) random.nextDouble();
                for (int j = 0; j < n; j++) {
                    values[row * n + j] = random.nextBoolean() ? 0 : values[row * n + j];
                    magnitudes += weights[row] * Math.abs(values[row * n + j]);
                }
            }
            return new Case(OpCheck.floats(values, true, 2, 5, n), OpCheck.floats(weights, false, 2, 5), magnitudes);
        }

        void check(OpCheck.Outcome o) {
            o.assertUlps(0, 1);
            assertEquals(penalty, o.kernel().get(0)[0], 1e-6 * penalty);
            assertArrayEquals(o.reference().get(1), o.kernel().get(1));
        }
    }

    private static final OpCheck.Input UPSTREAM = OpCheck.floats(new double[] {0.3}, true);

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 352})
    void kernelsEqualReferences(int n) {
        Case c = Case.random(n);
        c.check(OpCheck.outcome(L1_NORM, c.v, c.w));
        OpCheck.outcome(GRAD, UPSTREAM, c.v, c.w).assertUlps(0, 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 352})
    void bf16KernelsEqualReferences(int n) {
        Case c = Case.random(n);
        OpCheck.narrowOutcomes(L1_NORM, c.v, c.w).forEach(c::check);
        OpCheck.narrowOutcomes(GRAD, UPSTREAM, c.v, c.w).forEach(o -> o.assertUlps(0, 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void gradientEqualsDifferences(int n) {
        Random random = new Random(n);
        double[] values = OpCheck.normal(random, 1, true, 1, 2, n).values();
        for (int i = 0; i < values.length; i++) {
            // A hundred steps away from the kink at 0.
            values[i] += Math.copySign(0.01, values[i]);
        }
        OpCheck.assertGradients(L1_NORM, 1e-4, 1e-6, OpCheck.floats(values, true, 1, 2, n), OpCheck.floats(new double[] {0.5, 2}, false, 1, 2));
    }

    @Test
    void refusesWeightsOfAnotherShape() {
        OpCheck.Input v = OpCheck.normal(new Random(1), 1, true, 1, 2, 3);
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(L1_NORM, v, OpCheck.floats(new double[2], false, 2, 1)));
    }

    @Test
    void kernelsAllocateNothing() {
        OpCheck.Input v = OpCheck.normal(new Random(1), 1, true, 1, 3, 37);
        OpCheck.Input w = OpCheck.floats(new double[] {1, 0, 2}, false, 1, 3);
        Allocations.assertNone(L1_NORM, v, w);
        Allocations.assertNone(GRAD, OpCheck.floats(new double[] {1}, true), v, w);
    }

    @Test
    void bf16KernelsAllocateNothing() {
        OpCheck.Input v = OpCheck.normal(new Random(1), 1, true, 1, 3, 37);
        OpCheck.Input w = OpCheck.floats(new double[] {1, 0, 2}, false, 1, 3);
        Allocations.assertNoneNarrow(L1_NORM, v, w);
        Allocations.assertNoneNarrow(GRAD, OpCheck.floats(new double[] {1}, true), v, w);
    }
}
