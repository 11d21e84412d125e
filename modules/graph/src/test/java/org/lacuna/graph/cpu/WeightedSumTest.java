package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.WeightedSum;
import org.lacuna.graph.op.WeightedSumGrad;
import org.nd4j.autodiff.samediff.SDVariable;

class WeightedSumTest {
    /** The coefficients are the last input. */
    private static final OpCheck.Build SUM = (sd, in) -> {
        int k = in.length - 1;
        return new SDVariable[] {WeightedSum.of(sd, "objective", in[k], Arrays.asList(in).subList(0, k))};
    };

    private static OpCheck.Build grad(int k) {
        return (sd, in) -> WeightedSumGrad.of(sd, k, in[0], in[1]);
    }

    private static OpCheck.Input[] inputs(int k) {
        Random random = new Random(k);
        OpCheck.Input[] in = new OpCheck.Input[k + 1];
        for (int i = 0; i < k; i++) {
            in[i] = OpCheck.normal(random, 1, true);
        }
        in[k] = OpCheck.normal(random, 1, false, k);
        return in;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void kernelsEqualReferences(int k) {
        OpCheck.Input[] in = inputs(k);
        OpCheck.Outcome o = OpCheck.outcome(SUM, in);
        double sum = 0;
        double magnitudes = 0;
        for (int i = 0; i < k; i++) {
            sum += in[i].values()[0] * in[k].values()[i];
            magnitudes += Math.abs(in[i].values()[0] * in[k].values()[i]);
        }
        OpCheck.assertSum(sum, o.kernel().get(0)[0], k, magnitudes);
        OpCheck.assertSum(sum, o.reference().get(0)[0], k, magnitudes);
        OpCheck.Outcome g = OpCheck.outcome(grad(k), in[0], in[k]);
        for (int i = 0; i < k; i++) {
            OpCheck.assertUlps(new double[] {in[0].values()[0] * in[k].values()[i]}, g.kernel().get(i), 0.5);
            assertArrayEquals(new double[] {in[0].values()[0] * in[k].values()[i]}, g.reference().get(i));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void gradientEqualsDifferences(int k) {
        OpCheck.assertGradients(SUM, 1e-4, 1e-6, inputs(k));
    }

    @Test
    void refusesAnotherNumberOfCoefficients() {
        OpCheck.Input[] in = inputs(3);
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(SUM, in[0], in[1], in[3]));
    }

    @Test
    void kernelsAllocateNothing() {
        OpCheck.Input[] in = inputs(3);
        Allocations.assertNone(SUM, in);
        Allocations.assertNone(grad(3), in[0], in[3]);
    }
}
