package org.lacuna.graph.cpu;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same as {@link SitePenaltyTest} of what bf16 programs run. */
class NarrowSitePenaltyTest {
    @ParameterizedTest
    @MethodSource("org.lacuna.graph.cpu.SitePenaltyTest#penaltiesAndSizes")
    void kernelsEqualReferences(String name, int tokens, int n) {
        for (PenaltyCase c : SitePenaltyTest.cases(name, tokens, n)) {
            c.check(OpCheck.narrowOutcomes(c.value(), c.v(), c.w()), OpCheck.narrowOutcomes(c.grad(), PenaltyCase.upstream(PenaltyCase.UPSTREAM), c.v(), c.w()));
        }
    }
}
