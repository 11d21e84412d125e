package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.Linear;
import org.lacuna.graph.op.LinearDb;
import org.lacuna.graph.op.LinearDw;
import org.lacuna.graph.op.LinearDx;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class LinearTest {
    private static OpCheck.Build linear(int k, boolean biased) {
        return (sd, in) -> {
            List<SDVariable> all = Arrays.asList(in);
            List<String> names = new ArrayList<>();
            for (int j = 0; j < k; j++) {
                names.add("y" + j);
            }
            return Linear.of(sd, names, in[0], all.subList(1, 1 + k), biased ? all.subList(1 + k, 1 + 2 * k) : List.of());
        };
    }

    /** x [2, T, I], weights of I + j outputs, biases. */
    private static OpCheck.Input[] inputs(Random random, int t, int inner, int k, boolean biased) {
        List<OpCheck.Input> in = new ArrayList<>(List.of(OpCheck.normal(random, 1, true, 2, t, inner)));
        for (int j = 0; j < k; j++) {
            in.add(OpCheck.normal(random, 1, true, inner + j, inner));
        }
        for (int j = 0; biased && j < k; j++) {
            in.add(OpCheck.normal(random, 1, true, inner + j));
        }
        return in.toArray(OpCheck.Input[]::new);
    }

    private static OpCheck.Input[] rounded(OpCheck.Input... in) {
        return Arrays.stream(in).map(OpCheck.Input::rounded).toArray(OpCheck.Input[]::new);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,false", "3,17,1,false", "17,3,1,true", "1,65,3,false", "3,3,3,true", "17,130,2,true"})
    void kernelEqualsReference(int t, int inner, int k, boolean biased) {
        OpCheck.Input[] in = inputs(new Random(t), t, inner, k, biased);
        check(t, inner, k, biased, in, OpCheck.outcome(linear(k, biased), in));
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,false", "3,17,1,false", "17,3,1,true", "1,65,3,false", "3,3,3,true", "17,130,2,true", "40,33,2,false", "40,64,2,false", "321,544,1,false"})
    void bf16KernelsEqualReference(int t, int inner, int k, boolean biased) {
        OpCheck.Input[] in = rounded(inputs(new Random(t), t, inner, k, biased));
        OpCheck.narrowOutcomes(linear(k, biased), in).forEach(o -> check(t, inner, k, biased, in, o));
    }

    private static void check(int t, int inner, int k, boolean biased, OpCheck.Input[] in, OpCheck.Outcome o) {
        for (int j = 0; j < k; j++) {
            int width = inner + j;
            for (int e = 0; e < 2 * t * width; e++) {
                int row = e / width;
                int column = e % width;
                double magnitudes = biased ? Math.abs(in[1 + k + j].values()[column]) : 0;
                for (int i = 0; i < inner; i++) {
                    magnitudes += Math.abs(in[0].values()[row * inner + i] * in[1 + j].values()[column * inner + i]);
                }
                o.assertWithin(OpCheck.sumError(inner + (biased ? 1 : 0)) * magnitudes, j, e);
            }
        }
    }

    /** dy_1, …, W_1, …, as {@link #inputs} has them. */
    private static OpCheck.Input[] dxInputs(int t, int inner, int k) {
        Random random = new Random(inner);
        OpCheck.Input[] in = new OpCheck.Input[2 * k];
        for (int j = 0; j < k; j++) {
            in[j] = OpCheck.normal(random, 1, true, 2, t, inner + j);
            in[k + j] = OpCheck.normal(random, 1, true, inner + j, inner);
        }
        return in;
    }

    private static OpCheck.Build dx(int k) {
        return (sd, in) -> new SDVariable[] {LinearDx.of(sd, Arrays.asList(in).subList(0, k), Arrays.asList(in).subList(k, 2 * k))};
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,17,1", "17,3,3", "1,65,2", "40,17,3", "40,64,2"})
    void dxEqualsReference(int t, int inner, int k) {
        OpCheck.Input[] in = dxInputs(t, inner, k);
        checkDx(t, inner, k, in, OpCheck.outcome(dx(k), in));
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,17,1", "17,3,3", "1,65,2", "40,17,3", "33,65,1", "40,64,2", "321,544,1"})
    void bf16DxEqualsReference(int t, int inner, int k) {
        OpCheck.Input[] in = rounded(dxInputs(t, inner, k));
        OpCheck.narrowOutcomes(dx(k), in).forEach(o -> checkDx(t, inner, k, in, o));
    }

    private static void checkDx(int t, int inner, int k, OpCheck.Input[] in, OpCheck.Outcome o) {
        for (int e = 0; e < 2 * t * inner; e++) {
            double magnitudes = 0;
            int terms = 0;
            for (int j = 0; j < k; j++) {
                terms += inner + j;
                for (int c = 0; c < inner + j; c++) {
                    magnitudes += Math.abs(in[j].values()[e / inner * (inner + j) + c] * in[k + j].values()[c * inner + e % inner]);
                }
            }
            o.assertWithin(OpCheck.sumError(terms) * magnitudes, 0, e);
        }
    }

    private static final OpCheck.Build DW = (sd, in) -> new SDVariable[] {LinearDw.of(sd, in[0], in[1])};

    /** 2 · 257 rows are two more than the kernel of dW takes at a time. */
    @ParameterizedTest
    @CsvSource({"1,1,1", "3,17,1", "17,3,17", "1,1,65", "257,17,3", "272,17,65"})
    void dwAndDbEqualReference(int t, int inner, int width) {
        Random random = new Random(width);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 2, t, inner);
        OpCheck.Input dy = OpCheck.normal(random, 1, true, 2, t, width);
        checkDw(t, x, dy, OpCheck.outcome(DW, x, dy));
        OpCheck.Outcome db = OpCheck.outcome((sd, in) -> new SDVariable[] {LinearDb.of(sd, in[0])}, dy);
        for (int o = 0; o < width; o++) {
            double column = 0;
            for (int r = 0; r < 2 * t; r++) {
                column += Math.abs(dy.values()[r * width + o]);
            }
            db.assertWithin(OpCheck.sumError(2 * t) * column, 0, o);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,17,1", "17,3,17", "1,1,65", "257,17,3", "272,17,65"})
    void bf16DwEqualsReference(int t, int inner, int width) {
        Random random = new Random(width);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 2, t, inner).rounded();
        OpCheck.Input dy = OpCheck.normal(random, 1, true, 2, t, width).rounded();
        OpCheck.narrowOutcomes(DW, x, dy).forEach(o -> checkDw(t, x, dy, o));
    }

    private static final OpCheck.Build DW_ADDED = (sd, in) -> new SDVariable[] {LinearDw.of(sd, in[0], in[1], in[2])};

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,17,1", "17,3,17", "1,1,65", "257,17,3", "272,17,65"})
    void dwAddsToWhatIsGiven(int t, int inner, int width) {
        Random random = new Random(inner);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 2, t, inner).rounded();
        OpCheck.Input dy = OpCheck.normal(random, 1, true, 2, t, width).rounded();
        OpCheck.Input before = OpCheck.normal(random, 10, true, width, inner);
        checkDw(2 * t + 1, x, dy, before.values(), OpCheck.outcome(DW_ADDED, x, dy, before));
        OpCheck.narrowOutcomes(DW_ADDED, x, dy, before).forEach(o -> checkDw(2 * t + 1, x, dy, before.values(), o));
    }

    private static void checkDw(int t, OpCheck.Input x, OpCheck.Input dy, OpCheck.Outcome dw) {
        checkDw(2 * t, x, dy, new double[(int) (dy.shape()[2] * x.shape()[2])], dw);
    }

    private static void checkDw(int terms, OpCheck.Input x, OpCheck.Input dy, double[] before, OpCheck.Outcome dw) {
        int rows = (int) (x.shape()[0] * x.shape()[1]);
        int inner = (int) x.shape()[2];
        int width = (int) dy.shape()[2];
        for (int e = 0; e < width * inner; e++) {
            double magnitudes = Math.abs(before[e]);
            for (int r = 0; r < rows; r++) {
                magnitudes += Math.abs(dy.values()[r * width + e / inner] * x.values()[r * inner + e % inner]);
            }
            dw.assertWithin(OpCheck.sumError(terms) * magnitudes, 0, e);
        }
    }

    /** Equal terms round to the same side, the worst case of a long sum. */
    @Test
    void dbKeepsItsBoundWhereRoundingsDoNotCancel() {
        double[] tenths = new double[4001 * 17];
        Arrays.fill(tenths, 0.1f);
        OpCheck.Outcome o = OpCheck.outcome((sd, in) -> new SDVariable[] {LinearDb.of(sd, in[0])}, OpCheck.floats(tenths, true, 1, 4001, 17));
        for (int i = 0; i < 17; i++) {
            OpCheck.assertSum(o.reference().get(0)[i], o.kernel().get(0)[i], 4001, 4001 * 0.1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void gradientEqualsDifferences(int n) {
        Random random = new Random(n);
        OpCheck.assertGradients(linear(1, false), 1e-4, 1e-6, inputs(random, n, 2, 1, false));
        OpCheck.assertGradients(linear(1, true), 1e-4, 1e-6, OpCheck.normal(random, 1, true, 1, 2, n), OpCheck.normal(random, 1, true, 3, n), OpCheck.normal(random, 1, true, 3));
        OpCheck.assertGradients(linear(1, true), 1e-4, 1e-6, OpCheck.normal(random, 1, true, 1, 2, 3), OpCheck.normal(random, 1, true, n, 3), OpCheck.normal(random, 1, true, n));
        OpCheck.assertGradients((sd, in) -> {
            SDVariable[] y = linear(2, true).op(sd, new SDVariable[] {in[0], in[1], in[2], in[3], in[4]});
            return new SDVariable[] {y[0].sum().add(y[1].mul(y[1]).sum())};
        }, 1e-4, 1e-6, inputs(random, 2, Math.min(n, 3), 2, true));
    }

    /** An output that nothing uses has the gradient zero. */
    @Test
    void anUnusedOutputAddsNothing() {
        OpCheck.Input[] in = inputs(new Random(1), 2, 3, 2, false);
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable[] vars = {sd.var("x", in[0].array(DataType.DOUBLE)), sd.var("a", in[1].array(DataType.DOUBLE)), sd.var("b", in[2].array(DataType.DOUBLE))};
        SDVariable[] y = linear(2, false).op(sd, vars);
        y[0].sum("loss");
        sd.setLossVariables("loss");
        Map<String, INDArray> gradients = sd.calculateGradients(Map.of(), "x", "a", "b");
        assertEquals(0, gradients.get("b").amaxNumber().doubleValue());
        INDArray ones = Nd4j.ones(DataType.DOUBLE, 4, 3);
        INDArray expected = ones.mmul(in[1].array(DataType.DOUBLE)).reshape(2, 2, 3);
        assertTrue(gradients.get("x").equalsWithEps(expected, 1e-12));
    }

    @Test
    void outputsHaveTheirNames() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 1, 2, 3);
        SDVariable w = sd.var("w", Nd4j.ones(DataType.FLOAT, 4, 3));
        SDVariable[] y = Linear.of(sd, List.of("q", "k"), x, List.of(w, w), List.of());
        assertEquals("q", y[0].name());
        assertEquals("k", y[1].name());
        assertTrue(sd.hasVariable("k"));
        assertEquals(List.of("q", "k"), sd.getOps().values().iterator().next().getOutputsOfOp());
    }

    @Test
    void shapesThatDoNotFitAreNamed() {
        Random random = new Random(1);
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class,
                () -> OpCheck.outcome(linear(1, false), OpCheck.normal(random, 1, true, 1, 2, 3), OpCheck.normal(random, 1, true, 4, 5)));
        assertTrue(e.getMessage().contains("[1, 2, 3]") && e.getMessage().contains("weight 0 [4, 5]"), e.getMessage());
    }

    @Test
    void allocatesNothing() {
        Random random = new Random(1);
        Allocations.assertNone(linear(2, true), inputs(random, 3, 17, 2, true));
        OpCheck.Input dy = OpCheck.normal(random, 1, true, 2, 3, 17);
        OpCheck.Input w = OpCheck.normal(random, 1, true, 17, 17);
        Allocations.assertNone(dx(2), dy, dy, w, w);
        Allocations.assertNone(DW, dy, dy);
        Allocations.assertNone((sd, in) -> new SDVariable[] {LinearDb.of(sd, in[0])}, dy);
    }

    @Test
    void bf16KernelsAllocateNothing() {
        Random random = new Random(1);
        Allocations.assertNoneNarrow(linear(2, true), inputs(random, 3, 17, 2, true));
        Allocations.assertNoneNarrow(linear(1, false), inputs(random, 3, 17, 1, false));
        OpCheck.Input dy = OpCheck.normal(random, 1, true, 2, 3, 17);
        OpCheck.Input w = OpCheck.normal(random, 1, true, 17, 17);
        Allocations.assertNoneNarrow(dx(1), dy, w);
        Allocations.assertNoneNarrow(dx(2), dy, dy, w, w);
        Allocations.assertNoneNarrow(DW, dy, dy);
    }
}
