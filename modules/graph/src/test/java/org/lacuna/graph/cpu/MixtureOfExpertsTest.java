package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.graph.activation.Activations;
import org.lacuna.graph.op.CombineExperts;
import org.lacuna.graph.op.ExpertLinear;
import org.lacuna.graph.op.Gated;
import org.lacuna.graph.op.Linear;
import org.lacuna.graph.op.Route;
import org.nd4j.autodiff.samediff.SDVariable;

/** The ops of a mixture of experts put together: the gradient runs through the experts and through the router's weights. */
class MixtureOfExpertsTest {
    private static final int HIDDEN = 3;
    private static final int INNER = 4;
    private static final int TOKENS = 2;
    private static final double STEP = 1e-4;

    /** x, router, gate, up, down. */
    private static OpCheck.Build mixture(int k, boolean renormalised) {
        return (sd, in) -> {
            SDVariable[] routed = Route.of(sd, "experts", "weights", Linear.of(sd, "logits", in[0], in[1]), k, renormalised);
            SDVariable[] zu = ExpertLinear.of(sd, List.of("gate", "up"), in[0], List.of(in[2], in[3]), routed[0], true);
            SDVariable i = Gated.of(sd, "intermediate", Activations.byName("silu"), zu[0], zu[1]);
            SDVariable y = ExpertLinear.of(sd, "down", i, in[4], routed[0], false);
            return new SDVariable[] {CombineExperts.of(sd, "z", y, routed[1])};
        };
    }

    /** The logits that decide who is chosen lie hundreds of steps apart, so that no difference crosses an edge. */
    private static void assertFarFromTies(OpCheck.Input x, OpCheck.Input router, int experts, int k) {
        for (int row = 0; row < 2 * TOKENS; row++) {
            int at = row * HIDDEN;
            double[] logits = IntStream.range(0, experts)
                    .mapToDouble(e -> IntStream.range(0, HIDDEN).mapToDouble(i -> x.values()[at + i] * router.values()[e * HIDDEN + i]).sum()).sorted().toArray();
            assertTrue(k == experts || logits[experts - k] - logits[experts - k - 1] > 300 * STEP, "take another seed");
        }
    }

    @ParameterizedTest
    @CsvSource({"4,2,true", "4,2,false", "3,1,false", "3,3,true"})
    void gradientEqualsDifferences(int experts, int k, boolean renormalised) {
        Random random = new Random(7);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 2, TOKENS, HIDDEN);
        OpCheck.Input router = OpCheck.normal(random, 1, true, experts, HIDDEN);
        assertFarFromTies(x, router, experts, k);
        OpCheck.assertGradients(mixture(k, renormalised), STEP, 1e-6, x, router, OpCheck.normal(random, 1, true, experts, INNER, HIDDEN),
                OpCheck.normal(random, 1, true, experts, INNER, HIDDEN), OpCheck.normal(random, 1, true, experts, HIDDEN, INNER));
    }
}
