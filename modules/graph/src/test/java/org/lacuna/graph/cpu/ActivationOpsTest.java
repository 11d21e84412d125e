package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.graph.activation.Activation;
import org.lacuna.graph.activation.Activations;
import org.lacuna.graph.op.Activated;
import org.lacuna.graph.op.ActivatedGrad;
import org.lacuna.graph.op.Gated;
import org.lacuna.graph.op.GatedGrad;
import org.nd4j.autodiff.samediff.SDVariable;

/** Every activation there is, through the ops that carry one. */
class ActivationOpsTest {
    static Stream<Arguments> activationsAndSizes() {
        return Stream.concat(activationsAndSmallSizes(), activations().map(f -> Arguments.of(f, 352)));
    }

    static Stream<Arguments> activationsAndSmallSizes() {
        return activations().flatMap(f -> Stream.of(1, 3, 17).map(n -> Arguments.of(f, n)));
    }

    static Stream<String> activations() {
        return Activations.all().stream().map(Activation::name);
    }

    private static OpCheck.Build activated(Activation f) {
        return (sd, in) -> new SDVariable[] {Activated.of(sd, "a", f, in[0])};
    }

    private static OpCheck.Build activatedGrad(Activation f) {
        return (sd, in) -> new SDVariable[] {ActivatedGrad.of(sd, f, in[0], in[1])};
    }

    private static OpCheck.Build gated(Activation f) {
        return (sd, in) -> new SDVariable[] {Gated.of(sd, "i", f, in[0], in[1])};
    }

    private static OpCheck.Build gatedGrad(Activation f) {
        return (sd, in) -> GatedGrad.of(sd, f, in[0], in[1], in[2]);
    }

    @ParameterizedTest
    @MethodSource("activationsAndSizes")
    void kernelsEqualReferences(String name, int n) {
        Random random = new Random(n);
        OpCheck.Input z = OpCheck.normal(random, 3, true, 1, 3, n);
        OpCheck.Input u = OpCheck.normal(random, 1, true, 1, 3, n);
        OpCheck.Input d = OpCheck.normal(random, 1, true, 1, 3, n);
        check(Activations.byName(name), z, u, d, (build, in) -> List.of(OpCheck.outcome(build, in)));
    }

    interface Runs {
        List<OpCheck.Outcome> of(OpCheck.Build build, OpCheck.Input... in);
    }

    static void check(Activation f, OpCheck.Input z, OpCheck.Input u, OpCheck.Input d, Runs runs) {
        runs.of(activated(f), z).forEach(o -> o.assertUlps(0, 4));
        runs.of(gated(f), z, u).forEach(o -> o.assertUlps(0, 4));
        double[] weights = d.values().clone();
        assertSlopes(f, z, weights, runs.of(activatedGrad(f), d, z));
        for (int i = 0; i < weights.length; i++) {
            weights[i] *= u.values()[i];
        }
        List<OpCheck.Outcome> both = runs.of(gatedGrad(f), d, z, u);
        assertSlopes(f, z, weights, both);
        both.forEach(o -> o.assertUlps(1, 4));
    }

    /** From −80 to 80, closely where most values lie, and down to magnitudes of 1e-41. */
    @ParameterizedTest
    @MethodSource("activations")
    void isExactFromOneEndToTheOther(String name) {
        Activation f = Activations.byName(name);
        Random random = new Random(5);
        int n = 60_000;
        double[] values = new double[3 * n + 3];
        for (int i = 0; i < n; i++) {
            values[3 * i] = (random.nextDouble() * 2 - 1) * 80;
            values[3 * i + 1] = random.nextGaussian() * 3;
            values[3 * i + 2] = Math.exp(random.nextDouble() * 100 - 95.7) * (random.nextBoolean() ? 1 : -1);
        }
        values[3 * n] = -80;
        values[3 * n + 1] = 80;
        OpCheck.Input z = OpCheck.floats(values, true, 1, 1, values.length);
        OpCheck.Outcome value = OpCheck.outcome(activated(f), z);
        OpCheck.assertUlps(value.reference().get(0), value.kernel().get(0), 4);

        double[] ones = new double[values.length];
        Arrays.fill(ones, 1);
        OpCheck.Outcome slope = OpCheck.outcome(activatedGrad(f), OpCheck.floats(ones, true, 1, 1, ones.length), z);
        assertSlopes(f, z, ones, List.of(slope));
    }

    /**
     * The derivative crosses zero, so it is held to the bound for sums: with f(z) = z·g(z) its two terms are g(z) = f(z)/z and
     * z·g′(z) = f′(z) − f(z)/z.
     */
    private static void assertSlopes(Activation f, OpCheck.Input z, double[] weights, List<OpCheck.Outcome> outcomes) {
        double[] value = OpCheck.outcome(activated(f), z).reference().get(0);
        double[] reference = outcomes.get(0).reference().get(0);
        for (int i = 0; i < weights.length; i++) {
            double x = z.values()[i];
            double whole = weights[i] == 0 ? 0 : reference[i] / weights[i];
            double first = x == 0 ? whole : value[i] / x;
            double magnitudes = Math.abs(weights[i]) * (Math.abs(first) + Math.abs(whole - first));
            double bound = OpCheck.sumError(2) * magnitudes + (magnitudes < Float.MIN_NORMAL ? Float.MIN_NORMAL : 0);
            for (OpCheck.Outcome o : outcomes) {
                o.assertWithin(bound, 0, i);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("activationsAndSmallSizes")
    void gradientsEqualDifferences(String name, int n) {
        Activation f = Activations.byName(name);
        Random random = new Random(n);
        double[] values = new double[2 * n];
        for (int i = 0; i < values.length; i++) {
            // A hundred steps away from 0, where some have a kink.
            double v = random.nextGaussian() * 2;
            values[i] = v + Math.copySign(0.01, v);
        }
        OpCheck.Input z = OpCheck.floats(values, true, 1, 2, n);
        OpCheck.assertGradients(activated(f), 1e-4, 1e-6, z);
        OpCheck.assertGradients(gated(f), 1e-4, 1e-6, z, OpCheck.normal(random, 1, true, 1, 2, n));
    }

    @ParameterizedTest
    @MethodSource("activations")
    void notANumberStaysOne(String name) {
        Activation f = Activations.byName(name);
        OpCheck.Input z = OpCheck.floats(new double[] {1, Double.NaN, -1}, true, 1, 1, 3);
        OpCheck.Input u = OpCheck.floats(new double[] {1, 1, 1}, true, 1, 1, 3);
        assertArrayEquals(new double[] {Double.NaN}, new double[] {OpCheck.outcome(gated(f), z, u).kernel().get(0)[1]});
    }

    @ParameterizedTest
    @MethodSource("activations")
    void kernelsAllocateNothing(String name) {
        Activation f = Activations.byName(name);
        Random random = new Random(1);
        int n = 2 * GatedKernel.BLOCK + 5;
        OpCheck.Input z = OpCheck.normal(random, 1, true, 1, 1, n);
        Allocations.assertNone(activated(f), z);
        Allocations.assertNone(activatedGrad(f), z, z);
        Allocations.assertNone(gated(f), z, z);
        Allocations.assertNone(gatedGrad(f), z, z, z);
    }

    @ParameterizedTest
    @MethodSource("activations")
    void bf16KernelsAllocateNothing(String name) {
        Activation f = Activations.byName(name);
        OpCheck.Input z = OpCheck.normal(new Random(1), 1, true, 1, 1, 2 * GatedKernel.BLOCK + 5);
        Allocations.assertNoneNarrow(activated(f), z);
        Allocations.assertNoneNarrow(activatedGrad(f), z, z);
        Allocations.assertNoneNarrow(gated(f), z, z);
        Allocations.assertNoneNarrow(gatedGrad(f), z, z, z);
    }

    @Test
    void refusesGateAndUpOfTwoShapes() {
        OpCheck.Input z = OpCheck.normal(new Random(1), 1, true, 1, 2, 3);
        OpCheck.Input u = OpCheck.normal(new Random(1), 1, true, 1, 3, 2);
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(gated(Activations.byName("relu")), z, u));
    }
}
