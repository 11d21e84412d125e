package org.lacuna.graph.cpu;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.Zeros;
import org.nd4j.autodiff.samediff.SDVariable;

class ZerosTest {
    private static final OpCheck.Build ZEROS = (sd, in) -> new SDVariable[] {Zeros.of(sd, "y", in[0])};

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void kernelAndGradientAreZero(int n) {
        OpCheck.Input x = OpCheck.normal(new Random(n), 1, true, 1, 2, n);
        OpCheck.Outcome o = OpCheck.outcome(ZEROS, x);
        OpCheck.assertUlps(new double[2 * n], o.kernel().get(0), 0);
        OpCheck.assertUlps(new double[2 * n], o.reference().get(0), 0);
        OpCheck.assertGradients(ZEROS, 1e-4, 1e-6, x);
    }
}
