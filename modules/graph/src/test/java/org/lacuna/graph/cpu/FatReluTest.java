package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.activation.Activation;
import org.lacuna.graph.activation.Activations;
import org.lacuna.graph.op.Activated;
import org.lacuna.graph.op.ActivatedGrad;
import org.lacuna.graph.op.Gated;
import org.lacuna.graph.op.GatedGrad;
import org.lacuna.graph.op.LacunaOps;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.factory.Nd4j;

/** ReLU with a threshold, through the ops that carry it. */
class FatReluTest {
    private static final double THRESHOLD = 0.7;

    private final Activation f = Activations.fatRelu(THRESHOLD);

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

    @Test
    void passesWhatReachesTheThreshold() {
        Activation half = Activations.fatRelu(0.5);
        double below = Math.nextDown(0.5f);
        OpCheck.Input z = OpCheck.floats(new double[] {0.5, below, 2, 0.25, 0, -0.0, -3, 1e30, -1e30, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN}, true, 1, 1, 12);
        OpCheck.Outcome a = OpCheck.outcome(activated(half), z);
        double[] expected = {0.5, 0, 2, 0, 0, 0, 0, 1e30f, 0, Double.POSITIVE_INFINITY, 0, Double.NaN};
        assertArrayEquals(expected, a.kernel().get(0));
        assertArrayEquals(expected, a.reference().get(0));
        double[] ones = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
        OpCheck.Outcome d = OpCheck.outcome(activatedGrad(half), OpCheck.floats(ones, true, 1, 1, 12), z);
        double[] slopes = {1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0};
        assertArrayEquals(slopes, d.kernel().get(0));
        assertArrayEquals(slopes, d.reference().get(0));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 352})
    void kernelsEqualReferences(int n) {
        Random random = new Random(n);
        OpCheck.Input z = OpCheck.normal(random, 1, true, 1, 3, n);
        OpCheck.Input u = OpCheck.normal(random, 1, true, 1, 3, n);
        OpCheck.Input d = OpCheck.normal(random, 1, true, 1, 3, n);
        ActivationOpsTest.check(f, z, u, d, (build, in) -> List.of(OpCheck.outcome(build, in)));
        ActivationOpsTest.check(f, z.rounded(), u.rounded(), d.rounded(), OpCheck::narrowOutcomes);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void gradientsEqualDifferencesAwayFromTheThreshold(int n) {
        Random random = new Random(n);
        double[] values = new double[2 * n];
        for (int i = 0; i < values.length; i++) {
            double v = random.nextGaussian();
            values[i] = THRESHOLD + v + Math.copySign(0.01, v);
        }
        OpCheck.Input z = OpCheck.floats(values, true, 1, 2, n);
        OpCheck.assertGradients(activated(f), 1e-4, 1e-6, z);
        OpCheck.assertGradients(gated(f), 1e-4, 1e-6, z, OpCheck.normal(random, 1, true, 1, 2, n));
    }

    @Test
    void aboveTheThresholdItHasRelusBits() {
        Activation relu = Activations.byName("relu");
        Random random = new Random(2);
        double[] values = new double[1000];
        for (int i = 0; i < values.length; i++) {
            double v = random.nextGaussian();
            values[i] = v < 0 ? v : v + THRESHOLD;
        }
        OpCheck.Input z = OpCheck.floats(values, true, 1, 1, values.length);
        OpCheck.Input u = OpCheck.normal(random, 1, true, 1, 1, values.length);
        assertArrayEquals(OpCheck.outcome(gated(relu), z, u).kernel().get(0), OpCheck.outcome(gated(f), z, u).kernel().get(0));
        for (int output = 0; output < 2; output++) {
            assertArrayEquals(OpCheck.outcome(gatedGrad(relu), u, z, u).kernel().get(output), OpCheck.outcome(gatedGrad(f), u, z, u).kernel().get(output));
        }
    }

    @Test
    void withoutAThresholdItIsRelu() {
        assertSame(Activations.byName("relu"), Activations.fatRelu(0));
        assertSame(Activations.byName("relu"), Activations.fatRelu(1e-60)); // no 32-bit number
        assertEquals(OptionalDouble.of(0.7f), f.parameter());
        for (double bad : new double[] {-0.1, Double.NaN, Double.POSITIVE_INFINITY, 1e39}) {
            assertThrows(IllegalArgumentException.class, () -> Activations.fatRelu(bad));
        }
        assertThrows(IllegalArgumentException.class, () -> Activations.byName("fatrelu"), "a recipe can't name it, since it has no threshold");
        assertThrows(IllegalArgumentException.class, () -> Activations.carried(f.code(), OptionalDouble.empty()));
    }

    @Test
    void aSavedGraphKeepsTheThreshold(@TempDir Path folder) {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable z = sd.var("z", Nd4j.createFromArray(new float[] {0.6f, 0.8f, -1}).reshape(1, 1, 3));
        SDVariable u = sd.var("u", Nd4j.createFromArray(new float[] {2, 3, 4}).reshape(1, 1, 3));
        Gated.of(sd, "i", f, z, Activated.of(sd, "a", f, u)).sum("loss");
        sd.setLossVariables("loss");
        File file = folder.resolve("graph.fb").toFile();
        sd.save(file, false);
        SameDiff loaded = SameDiff.load(file, false);
        assertArrayEquals(new float[] {0, 0.8f * 3, 0}, loaded.outputSingle(Map.of(), "i").dup('c').data().asFloat());
        assertArrayEquals(new float[] {0, 3, 0}, loaded.calculateGradients(Map.of(), "z").get("z").dup('c').data().asFloat());
    }

    @Test
    void kernelsAllocateNothing() {
        OpCheck.Input z = OpCheck.normal(new Random(1), 1, true, 1, 1, 2 * GatedKernel.BLOCK + 5);
        Allocations.assertNone(activated(f), z);
        Allocations.assertNone(activatedGrad(f), z, z);
        Allocations.assertNone(gated(f), z, z);
        Allocations.assertNone(gatedGrad(f), z, z, z);
        Allocations.assertNoneNarrow(gated(f), z, z);
        Allocations.assertNoneNarrow(gatedGrad(f), z, z, z);
    }
}
