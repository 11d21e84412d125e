package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.HiddenDistance;
import org.lacuna.graph.op.HiddenDistanceGrad;
import org.nd4j.autodiff.samediff.SDVariable;

class HiddenDistanceTest {
    private static final OpCheck.Build DISTANCE = (sd, in) -> new SDVariable[] {HiddenDistance.of(sd, "distance", in[0], in[1], in[2])};
    private static final OpCheck.Build GRAD = (sd, in) -> new SDVariable[] {HiddenDistanceGrad.of(sd, in[0], in[1], in[2], in[3])};
    private static final OpCheck.Input UPSTREAM = OpCheck.floats(new double[] {0.3}, true);

    @Test
    void isTheWeightedMeanOfSquares() {
        OpCheck.Input h = OpCheck.floats(new double[] {1, 2, 3, 4, 5, 6}, true, 1, 3, 2);
        OpCheck.Input teacher = OpCheck.floats(new double[] {2, 0, 3, 4.5, 0, 0}, false, 1, 3, 2);
        OpCheck.Input weights = OpCheck.floats(new double[] {0.5, 2, 0}, false, 1, 3);
        OpCheck.Outcome o = OpCheck.outcome(DISTANCE, h, teacher, weights);
        double expected = 0.5 * (1 + 4) / 2 + 2 * 0.25 / 2;
        assertEquals(expected, o.kernel().get(0)[0]);
        assertEquals(expected, o.reference().get(0)[0]);
        double[] gradient = {-0.5, 1, 0, -1, 0, 0};
        OpCheck.Outcome d = OpCheck.outcome(GRAD, OpCheck.floats(new double[] {1}, true), h, teacher, weights);
        assertArrayEquals(gradient, d.kernel().get(0));
        assertArrayEquals(gradient, d.reference().get(0));
    }

    /** A third of the weights are 0, and there is NaN in both models' states. */
    private record Case(OpCheck.Input h, OpCheck.Input teacher, OpCheck.Input w) {
        static Case random(int n) {
            Random random = new Random(n);
            double[] weights = new double[10];
            double[][] states = {OpCheck.normal(random, 1, true, 2, 5, n).rounded().values(), OpCheck.normal(random, 1, true, 2, 5, n).rounded().values()};
            for (int row = 0; row < 10; row++) {
                weights[row] = row % 3 == 0 ? 0 : (float) random.nextDouble();
                for (int j = 0; j < n && row % 3 == 0; j++) {
                    states[0][row * n + j] = Double.NaN;
                    states[1][row * n + j] = Double.NaN;
                }
            }
            return new Case(OpCheck.floats(states[0], true, 2, 5, n), OpCheck.floats(states[1], false, 2, 5, n), OpCheck.floats(weights, false, 2, 5));
        }
    }

    /** What a derivative may be off, in units of its last place: factor, difference and product are rounded, each by 2⁻²⁴ of it at most, which is a unit at most. */
    private static final double ROUNDINGS = 3;

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 352})
    void kernelsEqualReferences(int n) {
        Case c = Case.random(n);
        OpCheck.outcome(DISTANCE, c.h, c.teacher, c.w).assertUlps(0, 0.5);
        OpCheck.outcome(GRAD, UPSTREAM, c.h, c.teacher, c.w).assertUlps(0, ROUNDINGS);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 352})
    void bf16KernelsEqualReferences(int n) {
        Case c = Case.random(n);
        OpCheck.narrowOutcomes(DISTANCE, c.h, c.teacher, c.w).forEach(o -> o.assertUlps(0, 0.5));
        OpCheck.narrowOutcomes(GRAD, UPSTREAM, c.h, c.teacher, c.w).forEach(o -> o.assertUlps(0, ROUNDINGS));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void gradientEqualsDifferences(int n) {
        Random random = new Random(n);
        OpCheck.assertGradients(DISTANCE, 1e-4, 1e-6, OpCheck.normal(random, 1, true, 1, 3, n), OpCheck.normal(random, 1, false, 1, 3, n),
                OpCheck.floats(new double[] {0.5, 0, 2}, false, 1, 3));
    }

    @Test
    void refusesATeacherOfAnotherWidth() {
        Random random = new Random(1);
        OpCheck.Input h = OpCheck.normal(random, 1, true, 1, 2, 3);
        OpCheck.Input w = OpCheck.floats(new double[2], false, 1, 2);
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(DISTANCE, h, OpCheck.normal(random, 1, false, 1, 2, 4), w));
    }

    @Test
    void kernelsAllocateNothing() {
        OpCheck.Input h = OpCheck.normal(new Random(1), 1, true, 1, 3, 37);
        OpCheck.Input w = OpCheck.floats(new double[] {1, 0, 2}, false, 1, 3);
        Allocations.assertNone(DISTANCE, h, h, w);
        Allocations.assertNone(GRAD, UPSTREAM, h, h, w);
    }

    @Test
    void bf16KernelsAllocateNothing() {
        OpCheck.Input h = OpCheck.normal(new Random(1), 1, true, 1, 3, 37);
        OpCheck.Input w = OpCheck.floats(new double[] {1, 0, 2}, false, 1, 3);
        Allocations.assertNoneNarrow(DISTANCE, h, h, w);
        Allocations.assertNoneNarrow(GRAD, UPSTREAM.rounded(), h, h, w);
    }
}
