package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.Add;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.Scale;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/** x + s · y, and s · x. */
class ScaledAddTest {
    /** A float, so that kernel and reference multiply by the same number. */
    private static final double S = 0.3f;
    private static final OpCheck.Build ADD = (sd, in) -> new SDVariable[] {Add.of(sd, "y", in[0], in[1], S)};
    private static final OpCheck.Build SCALE = (sd, in) -> new SDVariable[] {Scale.of(sd, in[0], S)};

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 100, ElementwiseKernel.BLOCK + 3})
    void kernelsEqualReferences(int n) {
        Random random = new Random(n);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 1, 3, n);
        OpCheck.outcome(ADD, x, OpCheck.normal(random, 1, true, 1, 3, n)).assertUlps(0, 0.5);
        OpCheck.outcome(SCALE, x).assertUlps(0, 0.5);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 100, ElementwiseKernel.BLOCK + 3})
    void bf16KernelsEqualReferences(int n) {
        Random random = new Random(n);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 1, 3, n).rounded();
        OpCheck.narrowOutcomes(ADD, x, OpCheck.normal(random, 1, true, 1, 3, n).rounded()).forEach(o -> o.assertUlps(0, 0.5));
        OpCheck.narrowOutcomes(SCALE, x).forEach(o -> o.assertUlps(0, 0.5));
    }

    @Test
    void withoutAFactorTheBitsAreThoseOfASum() {
        Random random = new Random(1);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 1, 3, 37);
        OpCheck.Input y = OpCheck.normal(random, 1e-3, true, 1, 3, 37);
        double[] sums = new double[111];
        Arrays.setAll(sums, i -> (float) x.values()[i] + (float) y.values()[i]);
        assertArrayEquals(sums, OpCheck.outcome((sd, in) -> new SDVariable[] {Add.of(sd, "y", in[0], in[1], 1)}, x, y).kernel().get(0));
        assertArrayEquals(sums, OpCheck.outcome((sd, in) -> new SDVariable[] {Add.of(sd, "y", in[0], in[1])}, x, y).kernel().get(0));
    }

    /** A program runs one that is made without arguments in place of SameDiff's own. */
    @Test
    void anOpWithoutTheArgumentAddsPlainly() {
        assertEquals(1, new Add().scale());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void gradientsEqualDifferences(int n) {
        Random random = new Random(n);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 1, 2, n);
        OpCheck.assertGradients(ADD, 1e-4, 1e-6, x, OpCheck.normal(random, 1, true, 1, 2, n));
        OpCheck.assertGradients(SCALE, 1e-4, 1e-6, x);
        OpCheck.assertGradients((sd, in) -> new SDVariable[] {Add.of(sd, "b", in[0], Add.of(sd, "a", in[1], in[0], 3), -2)}, 1e-4, 1e-6,
                x, OpCheck.normal(random, 1, true, 1, 2, n));
    }

    /** The factor rides in the arguments through SameDiff's file. */
    @Test
    void theFactorIsSaved() throws Exception {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        Add.of(sd, "y", sd.placeHolder("a", DataType.FLOAT, 2), sd.placeHolder("b", DataType.FLOAT, 2), S);
        SameDiff again = SameDiff.fromFlatBuffers(sd.asFlatBuffers(false));
        assertEquals(S, ((Add) again.getVariableOutputOp("y")).scale());
    }

    @Test
    void kernelsAllocateNothing() {
        OpCheck.Input x = OpCheck.normal(new Random(1), 1, true, 1, 1, ElementwiseKernel.BLOCK + 5);
        Allocations.assertNone(ADD, x, x);
        Allocations.assertNone(SCALE, x);
    }

    @Test
    void bf16KernelsAllocateNothing() {
        OpCheck.Input x = OpCheck.normal(new Random(1), 1, true, 1, 1, ElementwiseKernel.BLOCK + 5);
        Allocations.assertNoneNarrow(ADD, x, x);
        Allocations.assertNoneNarrow(SCALE, x);
    }
}
