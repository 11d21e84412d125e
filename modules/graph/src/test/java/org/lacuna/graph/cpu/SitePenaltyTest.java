package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.SitePenalty;
import org.lacuna.graph.penalty.Penalties;
import org.lacuna.graph.penalty.Penalty;

/** Every penalty there is, through the ops that carry one. */
class SitePenaltyTest {
    static Stream<String> penalties() {
        return Penalties.all().stream().map(Penalty::name);
    }

    static Stream<Arguments> penaltiesAndSizes() {
        return penalties().flatMap(p -> Stream.of(1, 2, 65).flatMap(tokens -> Stream.of(1, 3, 17, 33, 352).map(n -> Arguments.of(p, tokens, n))));
    }

    static Stream<Arguments> penaltiesAndSmallSizes() {
        return penalties().flatMap(p -> Stream.of(Arguments.of(p, 1, 3), Arguments.of(p, 2, 1), Arguments.of(p, 2, 17), Arguments.of(p, 4, 33), Arguments.of(p, 65, 1)));
    }

    /** The defaults, and others, with a scale of values at which each has something to do. */
    static List<PenaltyCase> cases(String name, int tokens, int n) {
        Penalty p = Penalties.byName(name);
        List<PenaltyCase> cases = new ArrayList<>(List.of(PenaltyCase.random(p, name.equals("locality") ? 0.02 : 1, p.defaults(), 2, tokens, n)));
        switch (name) {
            case "hoyer_square" -> cases.add(PenaltyCase.random(p, 1, new double[] {0.25}, 2, tokens, n));
            case "displacement" -> cases.add(PenaltyCase.random(p, 1, new double[] {-0.7}, 2, tokens, n));
            case "locality" -> cases.add(PenaltyCase.random(p, 3, new double[] {2}, 2, tokens, n));
            case "chunk" -> {
                cases.add(PenaltyCase.random(p, 0.1, new double[] {1, 3}, 2, tokens, n));
                cases.add(PenaltyCase.random(p, 0.1, new double[] {7, 3}, 2, tokens, n));
            }
            default -> { }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("penaltiesAndSizes")
    void kernelsEqualReferences(String name, int tokens, int n) {
        for (PenaltyCase c : cases(name, tokens, n)) {
            c.check(List.of(OpCheck.outcome(c.value(), c.v(), c.w())), List.of(OpCheck.outcome(c.grad(), PenaltyCase.upstream(PenaltyCase.UPSTREAM), c.v(), c.w())));
        }
    }

    /** A hundred steps and more away from where some have a kink: 0, −10 and −0.7. */
    @ParameterizedTest
    @MethodSource("penaltiesAndSmallSizes")
    void gradientsEqualDifferences(String name, int tokens, int n) {
        for (PenaltyCase c : cases(name, tokens, n)) {
            if (name.equals("hoyer_square") && n == 1 && c.parameters()[0] < 1e-3) {
                continue; // 1 − 1e-15, whose differences are rounding
            }
            double[] values = c.v().values().clone();
            for (int i = 0; i < values.length; i++) {
                for (double kink : new double[] {0, -0.7}) {
                    values[i] += Math.abs(values[i] - kink) < 0.001 ? 0.003 : 0;
                }
            }
            OpCheck.assertGradients(c.value(), 1e-5, 1e-6, OpCheck.floats(values, true, c.v().shape()), c.w());
        }
    }

    @ParameterizedTest
    @MethodSource("penalties")
    void sequencesKnowNothingOfEachOther(String name) {
        for (PenaltyCase c : cases(name, 5, 17)) {
            double[] v = c.v().values();
            double[] w = c.w().values();
            double apart = 0;
            double[] gradient = new double[v.length];
            for (int b = 0; b < 2; b++) {
                PenaltyCase one = PenaltyCase.of(name, c.parameters(), Arrays.copyOfRange(v, b * 85, b * 85 + 85), Arrays.copyOfRange(w, b * 5, b * 5 + 5), 1, 5, 17);
                apart += OpCheck.outcome(one.value(), one.v(), one.w()).reference().get(0)[0];
                System.arraycopy(OpCheck.outcome(one.grad(), PenaltyCase.upstream(1), one.v(), one.w()).reference().get(0), 0, gradient, b * 85, 85);
            }
            assertEquals(apart, OpCheck.outcome(c.value(), c.v(), c.w()).reference().get(0)[0], 1e-13 * apart);
            assertArrayEquals(gradient, OpCheck.outcome(c.grad(), PenaltyCase.upstream(1), c.v(), c.w()).reference().get(0), 1e-13);
        }
    }

    /** φ of a zero vector of 17 elements behind another is stated for each penalty, and so is the gradient of an element. */
    @ParameterizedTest
    @MethodSource("penalties")
    void zeroVectorsHaveTheStatedValues(String name) {
        double[] gradient = new double[2 * 17];
        Arrays.fill(gradient, name.equals("displacement") ? 1 : 0);
        double[] zeros = new double[2 * 17];
        double phi = switch (name) {
            case "displacement" -> 2 * 17 * 10;
            case "locality" -> Math.log(2);
            default -> 0;
        };
        PenaltyCase.of(name, Penalties.byName(name).defaults(), zeros, new double[] {1, 1}, 1, 2, 17).assertIs(phi, gradient);
    }

    /** From the smallest float to 1e18: no sum or square overflows or divides by 0. */
    @ParameterizedTest
    @MethodSource("penalties")
    void isFiniteAtAllScales(String name) {
        for (double size : new double[] {1.4e-45, 1e-38, 1e-20, 3e-8, 1e-4, 1e6, 1e18}) {
            double[] values = OpCheck.normal(new Random(3), size, true, 1, 4, 33).values();
            PenaltyCase c = PenaltyCase.of(name, Penalties.byName(name).defaults(), values, new double[] {1, 1, 1, 1}, 1, 4, 33);
            OpCheck.Outcome value = OpCheck.outcome(c.value(), c.v(), c.w());
            OpCheck.Outcome gradient = OpCheck.outcome(c.grad(), PenaltyCase.upstream(1), c.v(), c.w());
            for (List<double[]> found : List.of(value.kernel(), value.reference(), gradient.kernel(), gradient.reference())) {
                assertTrue(Arrays.stream(found.get(0)).allMatch(Double::isFinite), name + " at " + size);
            }
        }
    }

    @Test
    void refusesWeightsOfAnotherShape() {
        PenaltyCase c = PenaltyCase.random(Penalties.byName("l1"), 1, new double[0], 1, 2, 3);
        OpCheck.Input two = OpCheck.floats(new double[2], false, 2, 1);
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(c.value(), c.v(), two));
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(c.grad(), PenaltyCase.upstream(1), c.v(), two));
    }

    @Test
    void refusesParametersThatDontFit() {
        PenaltyCase c = PenaltyCase.of("chunk", new double[] {0, 1}, new double[3], new double[1], 1, 1, 3);
        assertThrows(IllegalArgumentException.class, () -> OpCheck.op(c.value(), c.v(), c.w()));
    }

    /** A saved graph may hold anything. */
    @Test
    void refusesParametersThatASavedGraphHolds() {
        PenaltyCase c = PenaltyCase.of("chunk", new double[] {64, 1}, new double[3], new double[1], 1, 1, 3);
        LacunaOp op = OpCheck.op(c.value(), c.v(), c.w());
        assertEquals(2, ((SitePenalty) op).parameters().length);
        op.addTArgument(5);
        assertThrows(IllegalArgumentException.class, () -> op.outputShapes(new long[][] {{1, 1, 3}, {1, 1}}));
    }

    @ParameterizedTest
    @MethodSource("penalties")
    void kernelsAllocateNothing(String name) {
        PenaltyCase c = cases(name, 5, 37).get(0);
        Allocations.assertNone(c.value(), c.v(), c.w());
        Allocations.assertNone(c.grad(), PenaltyCase.upstream(1), c.v(), c.w());
    }

    @ParameterizedTest
    @MethodSource("penalties")
    void bf16KernelsAllocateNothing(String name) {
        PenaltyCase c = cases(name, 5, 37).get(0);
        Allocations.assertNoneNarrow(c.value(), c.v(), c.w());
        Allocations.assertNoneNarrow(c.grad(), PenaltyCase.upstream(1), c.v(), c.w());
    }
}
