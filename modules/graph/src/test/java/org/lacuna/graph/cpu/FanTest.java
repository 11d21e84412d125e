package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.Fan;
import org.lacuna.graph.op.FanGrad;
import org.nd4j.autodiff.samediff.SDVariable;

class FanTest {
    private static final OpCheck.Build FAN = (sd, in) -> new SDVariable[] {Fan.of(sd, "y", in[0], in[1])};
    private static final OpCheck.Build GRAD = (sd, in) -> new SDVariable[] {FanGrad.of(sd, in[0], in[1])};
    private static final OpCheck.Input RULES = OpCheck.ints(new int[] {0, 1, 1}, 3);

    @Test
    void repeatsTheWholeBatch() {
        OpCheck.Outcome o = OpCheck.outcome(FAN, OpCheck.ints(new int[] {1, 2, 3, 4}, 2, 2), RULES);
        double[] expected = {1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4};
        assertArrayEquals(expected, o.kernel().get(0));
        assertArrayEquals(expected, o.reference().get(0));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 352})
    void kernelsEqualReferences(int n) {
        Random random = new Random(n);
        OpCheck.Outcome o = OpCheck.outcome(FAN, OpCheck.normal(random, 1, true, 2, 3, n), RULES);
        assertArrayEquals(o.reference().get(0), o.kernel().get(0));
        OpCheck.Input dy = OpCheck.normal(random, 1, true, 6, 3, n);
        OpCheck.Outcome g = OpCheck.outcome(GRAD, dy, RULES);
        int part = 6 * n;
        for (int i = 0; i < part; i++) {
            double magnitudes = Math.abs(dy.values()[i]) + Math.abs(dy.values()[part + i]) + Math.abs(dy.values()[2 * part + i]);
            OpCheck.assertSum(g.reference().get(0)[i], g.kernel().get(0)[i], 3, magnitudes);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void gradientEqualsDifferences(int n) {
        OpCheck.assertGradients(FAN, 1e-4, 1e-6, OpCheck.normal(new Random(n), 1, true, 1, 2, n), RULES);
    }

    @Test
    void refusesWhatDoesNotDivide() {
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(GRAD, OpCheck.normal(new Random(1), 1, true, 4, 2), RULES));
    }

    @Test
    void kernelsAllocateNothing() {
        OpCheck.Input x = OpCheck.normal(new Random(1), 1, true, 3, 2, 37);
        Allocations.assertNone(FAN, x, RULES);
        Allocations.assertNone(GRAD, x, RULES);
    }
}
