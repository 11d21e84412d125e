package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.Activity;
import org.nd4j.autodiff.samediff.SDVariable;

class ActivityTest {
    private static final OpCheck.Build ACTIVITY = (sd, in) -> new SDVariable[] {Activity.of(sd, "active", in[0], in[1])};

    @Test
    void countsTokensInWhichAnElementIsNotZero() {
        double[] values = {1, 0, -0.0, Float.MIN_VALUE, -2, 0, 0, -1e-30, 0, Double.NaN, 1, 1};
        OpCheck.Outcome o = OpCheck.outcome(ACTIVITY, OpCheck.floats(values, true, 2, 2, 3), OpCheck.floats(new double[] {0.5, 2, 1, 0}, false, 2, 2));
        assertArrayEquals(new double[] {2, 2, 0}, o.kernel().get(0));
        assertArrayEquals(new double[] {2, 2, 0}, o.reference().get(0));
    }

    /** Half of the values are 0; a third of the tokens have no weight, and NaN for a vector. */
    private record Case(OpCheck.Input v, OpCheck.Input w, double[] active) {
        static Case random(int n) {
            Random random = new Random(n);
            double[] values = OpCheck.normal(random, 1, true, 2, 5, n).rounded().values();
            double[] weights = new double[10];
            double[] active = new double[n];
            for (int row = 0; row < 10; row++) {
                weights[row] = row % 3 == 0 ? 0 : (float) random.nextDouble();
                for (int j = 0; j < n; j++) {
                    boolean zero = random.nextBoolean();
                    values[row * n + j] = weights[row] == 0 ? Double.NaN : zero ? random.nextBoolean() ? 0 : -0.0 : values[row * n + j];
                    active[j] += weights[row] == 0 || zero ? 0 : 1;
                }
            }
            return new Case(OpCheck.floats(values, true, 2, 5, n), OpCheck.floats(weights, false, 2, 5), active);
        }

        void check(OpCheck.Outcome o) {
            assertArrayEquals(active, o.kernel().get(0), o.formats());
            assertArrayEquals(active, o.reference().get(0));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 33, 352})
    void kernelEqualsReference(int n) {
        Case c = Case.random(n);
        c.check(OpCheck.outcome(ACTIVITY, c.v, c.w));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 33, 352})
    void bf16KernelEqualsReference(int n) {
        Case c = Case.random(n);
        OpCheck.narrowOutcomes(ACTIVITY, c.v, c.w).forEach(c::check);
    }

    @Test
    void refusesWeightsOfAnotherShape() {
        OpCheck.Input v = OpCheck.normal(new Random(1), 1, true, 1, 2, 3);
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(ACTIVITY, v, OpCheck.floats(new double[2], false, 2, 1)));
    }

    @Test
    void kernelsAllocateNothing() {
        Case c = Case.random(37);
        Allocations.assertNone(ACTIVITY, c.v, c.w);
        Allocations.assertNoneNarrow(ACTIVITY, c.v, c.w);
    }
}
