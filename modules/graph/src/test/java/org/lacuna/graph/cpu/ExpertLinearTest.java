package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.ExpertLinear;
import org.lacuna.graph.op.ExpertLinearDw;
import org.lacuna.graph.op.ExpertLinearDx;
import org.lacuna.graph.op.LacunaOps;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class ExpertLinearTest {
    private static final int BATCH = 2;

    /** How the choices fall. */
    private enum Choice {
        ANY, ONE_EXPERT, NOT_THE_OUTER_ONES;

        int of(Random random, int experts) {
            return switch (this) {
                case ANY -> random.nextInt(experts);
                case ONE_EXPERT -> experts / 2;
                case NOT_THE_OUTER_ONES -> experts < 3 ? 0 : 1 + random.nextInt(experts - 2);
            };
        }
    }

    /**
     * One case.
     *
     * @param t tokens of a sequence
     * @param n weights, of {@code inner} + j outputs
     */
    private record Case(int experts, int t, int k, int inner, int n, boolean fan, Choice choice) {
        int rows() {
            return BATCH * t * k;
        }

        int width(int j) {
            return inner + j;
        }

        OpCheck.Input ids() {
            Random random = new Random(t);
            int[] ids = new int[rows()];
            Arrays.setAll(ids, i -> choice.of(random, experts));
            return OpCheck.ints(ids, BATCH, t, k);
        }

        OpCheck.Input x() {
            return OpCheck.normal(new Random(inner), 1, true, BATCH, fan ? t : t * k, inner);
        }

        OpCheck.Input weight(int j) {
            return OpCheck.normal(new Random(100 + j), 1, true, experts, width(j), inner);
        }

        OpCheck.Input dy(int j) {
            return OpCheck.normal(new Random(200 + j), 1, true, BATCH, t * k, width(j));
        }

        /** Where in x the row of a choice starts. */
        int xAt(int row) {
            return (fan ? row / k : row) * inner;
        }

        OpCheck.Input[] forward() {
            List<OpCheck.Input> in = new ArrayList<>(List.of(x()));
            for (int j = 0; j < n; j++) {
                in.add(weight(j));
            }
            in.add(ids());
            return in.toArray(OpCheck.Input[]::new);
        }

        OpCheck.Input[] backward() {
            List<OpCheck.Input> in = new ArrayList<>();
            for (int j = 0; j < n; j++) {
                in.add(dy(j));
            }
            for (int j = 0; j < n; j++) {
                in.add(weight(j));
            }
            in.add(ids());
            return in.toArray(OpCheck.Input[]::new);
        }

        OpCheck.Build linear() {
            return (sd, in) -> {
                List<String> names = new ArrayList<>();
                for (int j = 0; j < n; j++) {
                    names.add("y" + j);
                }
                return ExpertLinear.of(sd, names, in[0], Arrays.asList(in).subList(1, 1 + n), in[1 + n], fan);
            };
        }

        OpCheck.Build dx() {
            return (sd, in) -> new SDVariable[] {ExpertLinearDx.of(sd, Arrays.asList(in).subList(0, n), Arrays.asList(in).subList(n, 2 * n), in[2 * n], fan)};
        }

        OpCheck.Build dw() {
            return (sd, in) -> new SDVariable[] {ExpertLinearDw.of(sd, in[0], in[1], in[2], in[3], fan)};
        }
    }

    /** Rows of an expert: none, one, up to a unit of 16 and beyond, all; more than a block of 256 (384 with AVX2). */
    static Stream<Case> cases() {
        return Stream.of(
                new Case(1, 1, 1, 1, 1, true, Choice.ANY),
                new Case(1, 3, 2, 17, 1, true, Choice.ANY),
                new Case(4, 1, 2, 3, 1, false, Choice.ANY),
                new Case(5, 17, 3, 33, 2, true, Choice.ANY),
                new Case(5, 17, 3, 33, 2, false, Choice.NOT_THE_OUTER_ONES),
                new Case(3, 40, 1, 64, 2, true, Choice.ONE_EXPERT),
                new Case(7, 9, 2, 65, 3, true, Choice.ONE_EXPERT),
                new Case(16, 5, 4, 31, 1, true, Choice.NOT_THE_OUTER_ONES),
                new Case(3, 150, 2, 34, 1, false, Choice.NOT_THE_OUTER_ONES),
                new Case(4, 211, 2, 32, 2, true, Choice.ONE_EXPERT),
                new Case(2, 33, 2, 288, 1, true, Choice.ANY),
                new Case(60, 130, 4, 19, 2, true, Choice.ANY));
    }

    private static OpCheck.Input[] rounded(OpCheck.Input... in) {
        return Arrays.stream(in).map(OpCheck.Input::rounded).toArray(OpCheck.Input[]::new);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void kernelEqualsReference(Case c) {
        OpCheck.Input[] in = c.forward();
        check(c, in, List.of(OpCheck.outcome(c.linear(), in)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void bf16KernelsEqualReference(Case c) {
        OpCheck.Input[] in = rounded(c.forward());
        check(c, in, OpCheck.narrowOutcomes(c.linear(), in));
    }

    private static void check(Case c, OpCheck.Input[] in, List<OpCheck.Outcome> outcomes) {
        for (int j = 0; j < c.n(); j++) {
            for (int row = 0; row < c.rows(); row++) {
                int expert = (int) in[1 + c.n()].values()[row];
                for (int o = 0; o < c.width(j); o++) {
                    double sum = 0;
                    double magnitudes = 0;
                    for (int i = 0; i < c.inner(); i++) {
                        double term = in[0].values()[c.xAt(row) + i] * in[1 + j].values()[(expert * c.width(j) + o) * c.inner() + i];
                        sum += term;
                        magnitudes += Math.abs(term);
                    }
                    assertWithin(sum, magnitudes, c.inner(), outcomes, j, row * c.width(j) + o);
                }
            }
        }
    }

    /** The reference is the formula, to double's accuracy, and the kernels are the reference, to float's. */
    private static void assertWithin(double sum, double magnitudes, int terms, List<OpCheck.Outcome> outcomes, int output, int element) {
        for (OpCheck.Outcome o : outcomes) {
            assertEquals(sum, o.reference().get(output)[element], 1e-13 * magnitudes);
            o.assertWithin(OpCheck.sumError(terms) * magnitudes, output, element);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void dxEqualsReference(Case c) {
        OpCheck.Input[] in = c.backward();
        checkDx(c, in, List.of(OpCheck.outcome(c.dx(), in)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void bf16DxEqualsReference(Case c) {
        OpCheck.Input[] in = rounded(c.backward());
        checkDx(c, in, OpCheck.narrowOutcomes(c.dx(), in));
    }

    private static void checkDx(Case c, OpCheck.Input[] in, List<OpCheck.Outcome> outcomes) {
        int size = (c.fan() ? c.rows() / c.k() : c.rows()) * c.inner();
        double[] sums = new double[size];
        double[] magnitudes = new double[size];
        int terms = 0;
        for (int j = 0; j < c.n(); j++) {
            terms += c.width(j) * (c.fan() ? c.k() : 1);
            for (int row = 0; row < c.rows(); row++) {
                int expert = (int) in[2 * c.n()].values()[row];
                for (int e = 0; e < c.width(j) * c.inner(); e++) {
                    double term = in[j].values()[row * c.width(j) + e / c.inner()] * in[c.n() + j].values()[expert * c.width(j) * c.inner() + e];
                    sums[c.xAt(row) + e % c.inner()] += term;
                    magnitudes[c.xAt(row) + e % c.inner()] += Math.abs(term);
                }
            }
        }
        for (int e = 0; e < size; e++) {
            assertWithin(sums[e], magnitudes[e], terms, outcomes, 0, e);
        }
    }

    /** The weight's values don't count. */
    private static OpCheck.Input[] dwInputs(Case c, boolean rounded) {
        double[] nothing = new double[c.experts() * c.width(0) * c.inner()];
        Arrays.fill(nothing, Double.NaN);
        return new OpCheck.Input[] {rounded ? c.x().rounded() : c.x(), rounded ? c.dy(0).rounded() : c.dy(0),
            OpCheck.floats(nothing, true, c.experts(), c.width(0), c.inner()), c.ids()};
    }

    @ParameterizedTest
    @MethodSource("cases")
    void dwEqualsReference(Case c) {
        OpCheck.Input[] in = dwInputs(c, false);
        checkDw(c, in, List.of(OpCheck.outcome(c.dw(), in)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void bf16DwEqualsReference(Case c) {
        OpCheck.Input[] in = dwInputs(c, true);
        checkDw(c, in, OpCheck.narrowOutcomes(c.dw(), in));
    }

    private static void checkDw(Case c, OpCheck.Input[] in, List<OpCheck.Outcome> outcomes) {
        int size = c.width(0) * c.inner();
        for (int expert = 0; expert < c.experts(); expert++) {
            double[] sums = new double[size];
            double[] magnitudes = new double[size];
            int terms = 0;
            for (int row = 0; row < c.rows(); row++) {
                if (in[3].values()[row] == expert) {
                    terms++;
                    for (int e = 0; e < size; e++) {
                        double term = in[1].values()[row * c.width(0) + e / c.inner()] * in[0].values()[c.xAt(row) + e % c.inner()];
                        sums[e] += term;
                        magnitudes[e] += Math.abs(term);
                    }
                }
            }
            for (int e = 0; e < size; e++) {
                assertWithin(sums[e], magnitudes[e], terms, outcomes, 0, expert * size + e);
            }
        }
    }

    /** A token's row has the same bits whatever the other tokens choose: a sequence may be evaluated in any batch. */
    @Test
    void aRowsBitsDoNotDependOnTheOthers() {
        aRowsBitsDoNotDependOnTheOthers((build, in) -> List.of(OpCheck.outcome(build, in)));
    }

    @Test
    void aRowsBitsDoNotDependOnTheOthersInBf16() {
        aRowsBitsDoNotDependOnTheOthers(OpCheck::narrowOutcomes);
    }

    private static void aRowsBitsDoNotDependOnTheOthers(BiFunction<OpCheck.Build, OpCheck.Input[], List<OpCheck.Outcome>> run) {
        Case c = new Case(3, 200, 1, 256, 1, true, Choice.ANY);
        OpCheck.Input[] in = rounded(c.forward());
        int[] ids = new int[c.rows()];
        in[2] = OpCheck.ints(ids, BATCH, 200, 1);
        List<OpCheck.Outcome> together = run.apply(c.linear(), in);
        for (int others : new int[] {1, 30, 399}) {
            int[] mixed = ids.clone();
            Arrays.fill(mixed, mixed.length - others, mixed.length, 2);
            in[2] = OpCheck.ints(mixed, BATCH, 200, 1);
            List<OpCheck.Outcome> apart = run.apply(c.linear(), in);
            int same = (c.rows() - others) * c.width(0);
            for (int i = 0; i < apart.size(); i++) {
                assertArrayEquals(Arrays.copyOf(together.get(i).kernel().get(0), same), Arrays.copyOf(apart.get(i).kernel().get(0), same), others + " others");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,true", "2,1,true", "2,2,false", "3,2,true"})
    void gradientEqualsDifferences(int k, int n, boolean fan) {
        Case c = new Case(4, 3, k, 3, n, fan, Choice.NOT_THE_OUTER_ONES);
        OpCheck.assertGradients((sd, in) -> {
            SDVariable[] y = c.linear().op(sd, in);
            return new SDVariable[] {n == 1 ? y[0] : y[0].sum().add(y[1].mul(y[1]).sum())};
        }, 1e-4, 1e-6, c.forward());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 5, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void anExpertThatThereIsNotIsNamed(int expert) {
        Case c = new Case(5, 3, 2, 3, 1, true, Choice.ANY);
        int[] ids = new int[12];
        ids[9] = expert;
        OpCheck.Input bad = OpCheck.ints(ids, BATCH, 3, 2);
        String where = ": expert " + expert + " at [1, 1, 1] is not in [0, 5)";
        assertNamed("lacuna_expert_linear" + where, c.linear(), c.x(), c.weight(0), bad);
        assertNamed("lacuna_expert_linear_dx" + where, c.dx(), c.dy(0), c.weight(0), bad);
        assertNamed("lacuna_expert_linear_dw" + where, c.dw(), c.x(), c.dy(0), c.weight(0), bad);
    }

    /** By the kernel, which writes nothing, and by the reference. */
    private static void assertNamed(String message, OpCheck.Build build, OpCheck.Input... in) {
        BoundOp bound = BoundOp.of(OpCheck.op(build, in), in);
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> bound.call().run()).getMessage());
        assertTrue(Arrays.stream(BoundOp.values(bound.out()[0])).allMatch(Double::isNaN));
        LacunaOps.register();
        INDArray[] arrays = Arrays.stream(in).map(i -> i.array(DataType.FLOAT)).toArray(INDArray[]::new);
        long[] shape = bound.out()[0].shape();
        INDArray[] out = {Nd4j.create(DataType.FLOAT, shape)};
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> OpCheck.op(build, in).reference(arrays, out)).getMessage());
    }

    @Test
    void outputsHaveTheirNames() {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 1, 2, 3);
        SDVariable w = sd.var("w", Nd4j.ones(DataType.FLOAT, 2, 4, 3));
        SDVariable experts = sd.placeHolder("experts", DataType.INT, 1, 2, 1);
        SDVariable[] y = ExpertLinear.of(sd, List.of("gate", "up"), x, List.of(w, w), experts, true);
        assertEquals("gate", y[0].name());
        assertEquals("up", y[1].name());
        assertThrows(IllegalArgumentException.class, () -> ExpertLinear.of(sd, List.of("gate"), x, List.of(w, w), experts, true));
    }

    @Test
    void shapesThatDoNotFitAreNamed() {
        Case fan = new Case(4, 3, 2, 5, 2, true, Choice.ANY);
        Case each = new Case(4, 3, 2, 5, 2, false, Choice.ANY);
        OpCheck.Input[] in = fan.forward();
        assertMessage("[2, 3, 5] and [2, 3, 2]", each.linear(), in);
        assertMessage("[2, 6, 5] and [2, 3, 2]", fan.linear(), each.forward());
        OpCheck.Input other = OpCheck.normal(new Random(1), 1, true, 3, 6, 5);
        assertMessage("weight 1 [3, 6, 5], while weight 0 has 4 experts", fan.linear(), in[0], in[1], other, in[3]);
        assertMessage("weight 0 [3, 6, 5]", new Case(4, 3, 2, 4, 1, true, Choice.ANY).linear(), OpCheck.normal(new Random(1), 1, true, 2, 3, 4), other, in[3]);
        OpCheck.Input[] back = fan.backward();
        assertMessage("[2, 6, 6] and [3, 6, 5]", fan.dx(), back[0], back[1], back[2], other, back[4]);
        assertMessage("a weight [E, O, I], not [3, 6, 5]", fan.dw(), in[0], fan.dy(0), other, in[3]);
    }

    private static void assertMessage(String part, OpCheck.Build build, OpCheck.Input... in) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(build, in));
        assertTrue(e.getMessage().contains(part), e.getMessage());
    }

    @Test
    void allocatesNothing() {
        Case c = new Case(4, 9, 2, 17, 2, true, Choice.NOT_THE_OUTER_ONES);
        Allocations.assertNone(c.linear(), c.forward());
        Allocations.assertNone(c.dx(), c.backward());
        Allocations.assertNone(c.dw(), c.x(), c.dy(0), c.weight(0), c.ids());
    }

    @Test
    void bf16KernelsAllocateNothing() {
        Case c = new Case(4, 9, 2, 17, 2, true, Choice.NOT_THE_OUTER_ONES);
        Allocations.assertNoneNarrow(c.linear(), c.forward());
        Allocations.assertNoneNarrow(c.dx(), c.backward());
        Allocations.assertNoneNarrow(c.dw(), c.x(), c.dy(0), c.weight(0), c.ids());
    }
}
