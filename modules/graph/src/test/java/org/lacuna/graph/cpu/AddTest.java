package org.lacuna.graph.cpu;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.Add;
import org.nd4j.autodiff.samediff.SDVariable;

class AddTest {
    private static final OpCheck.Build ADD = (sd, in) -> new SDVariable[] {Add.of(sd, "y", in[0], in[1])};

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 100})
    void kernelEqualsReference(int n) {
        Random random = new Random(n);
        OpCheck.Outcome o = OpCheck.outcome(ADD, OpCheck.normal(random, 1, true, 1, 3, n), OpCheck.normal(random, 1, true, 1, 3, n));
        OpCheck.assertUlps(o.reference().get(0), o.kernel().get(0), 0.5);
    }

    /** The sum stays in float, whatever the terms are. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 100, GatedKernel.BLOCK + 3})
    void bf16KernelsEqualReference(int n) {
        Random random = new Random(n);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 1, 1, n).rounded();
        for (OpCheck.Outcome o : OpCheck.narrowOutcomes(ADD, x, OpCheck.normal(random, 1, true, 1, 1, n).rounded())) {
            o.assertUlps(0, 0.5);
        }
    }

    @Test
    void kernelsAllocateNothing() {
        OpCheck.Input x = OpCheck.normal(new Random(1), 1, true, 1, 1, GatedKernel.BLOCK + 5);
        Allocations.assertNone(ADD, x, x);
    }

    @Test
    void bf16KernelsAllocateNothing() {
        OpCheck.Input x = OpCheck.normal(new Random(1), 1, true, 1, 1, GatedKernel.BLOCK + 5);
        Allocations.assertNoneNarrow(ADD, x, x);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void gradientEqualsDifferences(int n) {
        Random random = new Random(n);
        OpCheck.assertGradients(ADD, 1e-4, 1e-6, OpCheck.normal(random, 1, true, 1, 2, n), OpCheck.normal(random, 1, true, 1, 2, n));
        OpCheck.assertGradients((sd, in) -> {
            SDVariable a = Add.of(sd, "a", in[0], in[0]);
            SDVariable b = Add.of(sd, "b", a, in[1]);
            return new SDVariable[] {Add.of(sd, "c", Add.of(sd, "d", b, a), in[0])};
        }, 1e-4, 1e-6, OpCheck.normal(random, 1, true, 1, 2, n), OpCheck.normal(random, 1, true, 1, 2, n));
    }
}
