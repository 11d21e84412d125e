package org.lacuna.graph.cpu;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.graph.activation.Activations;

/** The same as {@link ActivationOpsTest} of what bf16 programs run. */
class NarrowActivationOpsTest {
    @ParameterizedTest
    @MethodSource("org.lacuna.graph.cpu.ActivationOpsTest#activationsAndSizes")
    void kernelsEqualReferences(String name, int n) {
        Random random = new Random(n);
        OpCheck.Input z = OpCheck.normal(random, 3, true, 1, 3, n).rounded();
        OpCheck.Input u = OpCheck.normal(random, 1, true, 1, 3, n).rounded();
        OpCheck.Input d = OpCheck.normal(random, 1, true, 1, 3, n).rounded();
        ActivationOpsTest.check(Activations.byName(name), z, u, d, OpCheck::narrowOutcomes);
    }
}
