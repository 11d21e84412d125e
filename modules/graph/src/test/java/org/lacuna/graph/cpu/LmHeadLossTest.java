package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.Add;
import org.lacuna.graph.op.Embedding;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.Linear;
import org.lacuna.graph.op.LmHeadLoss;
import org.lacuna.graph.op.LmHeadLossGrad;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class LmHeadLossTest {
    private static final OpCheck.Build LOSS = (sd, in) -> LmHeadLoss.of(sd, "out", "nll", in[0], in[1], in[2], in[3]);
    private static final OpCheck.Build GRADIENT = (sd, in) -> LmHeadLossGrad.of(sd, in[0], in[1], in[2], in[3], in[4]);
    private static final double U = 0x1p-24;

    /** Two sequences of {@code t} positions; some targets are −1 and some weights 0. */
    private record Case(int t, int width, int vocabulary, OpCheck.Input x, OpCheck.Input table, OpCheck.Input targets, OpCheck.Input weights) {
        static Case random(int t, int width, int vocabulary, double scale) {
            Random random = new Random(31L * t + vocabulary);
            int[] targets = new int[2 * t];
            double[] weights = new double[2 * t];
            for (int r = 0; r < 2 * t; r++) {
                targets[r] = r > 0 && random.nextInt(5) == 0 ? -1 : random.nextInt(vocabulary);
                weights[r] = r > 0 && random.nextInt(5) == 0 ? 0 : random.nextDouble() / t;
            }
            return new Case(t, width, vocabulary, OpCheck.normal(random, scale, true, 2, t, width), OpCheck.normal(random, 1, true, vocabulary, width),
                    OpCheck.ints(targets, 2, t), OpCheck.floats(weights, false, 2, t));
        }

        Case withX(double[] values) {
            return new Case(t, width, vocabulary, OpCheck.floats(values, true, x.shape()), table, targets, weights);
        }

        OpCheck.Outcome loss() {
            return OpCheck.outcome(LOSS, x, table, targets, weights);
        }

        OpCheck.Outcome gradient(double upstream) {
            return OpCheck.outcome(GRADIENT, x, table, OpCheck.floats(new double[] {upstream}, true), targets, weights);
        }

        boolean scored(int r) {
            return targets.values()[r] >= 0 && weights.values()[r] != 0;
        }
    }

    /**
     * One row in double, with how far floats may be off. A logit is a sum of D terms: off by δ_v ≤ 4·√D·u·Σ|terms|, u = 2⁻²⁴.
     * It loses u·|l_v − max| when the maximum is taken off, and 2u in the exponential, so that e_v is off by the factor
     * ε_v ≤ 1.01·(δ_v + u·(|l_v − max| + 2)), where e^a − 1 ≤ 1.01·a for these sizes. The V-term sum, and with it
     * its logarithm, is off by σ ≤ Σ p_v·ε_v + 4·√V·u. The maximum itself cancels, whatever it is. Below −87.3 the
     * exponential stays at e^−87.3 ({@link Lanes#exp}).
     */
    private static final class Row {
        final double[] p;
        final double[] pBound;
        final double nll;
        final double nllBound;

        Row(Case c, int r) {
            p = new double[c.vocabulary];
            pBound = new double[c.vocabulary];
            double[] delta = new double[c.vocabulary];
            double[] logits = new double[c.vocabulary];
            double largest = Double.NEGATIVE_INFINITY;
            for (int v = 0; v < c.vocabulary; v++) {
                for (int i = 0; i < c.width; i++) {
                    double term = c.x.values()[r * c.width + i] * c.table.values()[v * c.width + i];
                    logits[v] += term;
                    delta[v] += 4 * Math.sqrt(c.width) * U * Math.abs(term);
                }
                largest = Math.max(largest, logits[v]);
            }
            double sum = 0;
            for (int v = 0; v < c.vocabulary; v++) {
                sum += Math.exp(logits[v] - largest);
            }
            double sumBound = 4 * Math.sqrt(c.vocabulary) * U;
            for (int v = 0; v < c.vocabulary; v++) {
                p[v] = Math.exp(logits[v] - largest) / sum;
                pBound[v] = 1.01 * (delta[v] + U * (largest - logits[v] + 2));
                sumBound += p[v] * pBound[v];
            }
            for (int v = 0; v < c.vocabulary; v++) {
                pBound[v] = p[v] * (pBound[v] + sumBound) + (largest - logits[v] > 87 ? Math.exp(-87.3) : 0);
            }
            int target = (int) c.targets.values()[r];
            nll = c.scored(r) ? Math.log(sum) + largest - logits[target] : 0;
            nllBound = c.scored(r) ? sumBound + delta[target] : 0;
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1", "1,3,2,1", "3,17,17,1", "17,3,257,1", "1,33,2500,0.3", "150,5,257,1", "3,65,17,8"})
    void lossEqualsReferenceAndTheFormula(int t, int width, int vocabulary, double scale) {
        Case c = Case.random(t, width, vocabulary, scale);
        OpCheck.Outcome o = c.loss();
        double loss = 0;
        double bound = 0;
        for (int r = 0; r < 2 * t; r++) {
            Row row = new Row(c, r);
            loss += c.weights.values()[r] * row.nll;
            bound += c.weights.values()[r] * row.nllBound;
            assertEquals(row.nll, o.reference().get(1)[r], 1e-12 * (1 + Math.abs(row.nll)));
            assertEquals(row.nll, o.kernel().get(1)[r], row.nllBound + U * row.nll, "nll of row " + r);
        }
        assertEquals(loss, o.reference().get(0)[0], 1e-12 * (1 + loss));
        assertEquals(loss, o.kernel().get(0)[0], bound + U * loss, "loss");
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1", "1,3,2,1", "3,17,17,1", "17,3,257,1", "1,33,2500,0.3", "150,5,257,1", "3,65,17,8"})
    void gradientEqualsReference(int t, int width, int vocabulary, double scale) {
        Case c = Case.random(t, width, vocabulary, scale);
        double upstream = 0.37f;
        OpCheck.Outcome o = c.gradient(upstream);
        double[] dw = new double[vocabulary * width];
        double[] dwBound = new double[vocabulary * width];
        for (int r = 0; r < 2 * t; r++) {
            Row row = new Row(c, r);
            double scored = c.scored(r) ? upstream * c.weights.values()[r] : 0;
            double[] dx = new double[width];
            double[] dxBound = new double[width];
            for (int v = 0; v < vocabulary; v++) {
                double g = scored * (row.p[v] - (v == (int) c.targets.values()[r] ? 1 : 0));
                double gBound = scored * (row.pBound[v] + 2 * U * row.p[v]) + U * Math.abs(g) + Float.MIN_VALUE; // factor, product, difference; where tiny
                for (int i = 0; i < width; i++) {
                    double w = c.table.values()[v * width + i];
                    double x = c.x.values()[r * width + i];
                    dx[i] += g * w;
                    dxBound[i] += gBound * Math.abs(w) + 4 * Math.sqrt(vocabulary) * U * Math.abs(g * w) + Float.MIN_VALUE;
                    dw[v * width + i] += g * x;
                    dwBound[v * width + i] += gBound * Math.abs(x) + 4 * Math.sqrt(2 * t) * U * Math.abs(g * x) + Float.MIN_VALUE;
                }
            }
            for (int i = 0; i < width; i++) {
                assertEquals(dx[i], o.reference().get(0)[r * width + i], 1e-12);
                assertEquals(dx[i], o.kernel().get(0)[r * width + i], dxBound[i], "dx of row " + r);
            }
        }
        for (int e = 0; e < dw.length; e++) {
            assertEquals(dw[e], o.reference().get(1)[e], 1e-11);
            assertEquals(dw[e], o.kernel().get(1)[e], dwBound[e], "dW " + e);
        }
        OpCheck.Outcome forward = c.loss();
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(forward.kernel().get(i), o.kernel().get(2 + i), "both ops compute the same loss and nll, to the bit");
            assertArrayEquals(forward.reference().get(i), o.reference().get(2 + i));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void gradientEqualsDifferences(int n) {
        Case c = Case.random(2, n, 3, 1);
        OpCheck.assertGradients(LOSS, 1e-4, 1e-6, c.x, c.table, c.targets, c.weights);
        Case one = Case.random(2, 2, n, 1);
        OpCheck.assertGradients(LOSS, 1e-4, 1e-6, one.x, one.table, one.targets, one.weights);
    }

    @Test
    void rowsThatAreNotScoredAddNothing() {
        Case c = Case.random(70, 17, 33, 1);
        double[] moved = c.x.values().clone();
        for (int e = 0; e < moved.length; e++) {
            moved[e] = c.scored(e / 17) ? moved[e] : 1e15 * (e % 2 - 0.5);
        }
        OpCheck.Outcome before = c.gradient(1);
        OpCheck.Outcome after = c.withX(moved).gradient(1);
        for (int i = 0; i < 4; i++) {
            assertArrayEquals(before.kernel().get(i), after.kernel().get(i), "output " + i);
        }
        for (int e = 0; e < moved.length; e++) {
            if (!c.scored(e / 17)) {
                assertEquals(0, Math.abs(after.kernel().get(0)[e]));
                assertEquals(0, Math.abs(after.reference().get(0)[e]));
                assertEquals(0, after.kernel().get(3)[e / 17]);
            }
        }
    }

    @Test
    void largeLogitsStayFinite() {
        int[] targets = {0, 1, 2, -1};
        OpCheck.Input x = OpCheck.floats(new double[] {1e4, -1e4, 3e4, 1}, true, 1, 4, 1);
        OpCheck.Input table = OpCheck.floats(new double[] {1, 0, -1}, true, 3, 1);
        OpCheck.Input weights = OpCheck.floats(new double[] {1, 1, 1, 1}, false, 1, 4);
        OpCheck.Outcome o = OpCheck.outcome(LOSS, x, table, OpCheck.ints(targets, 1, 4), weights);
        assertArrayEquals(new double[] {0, 1e4, 6e4, 0}, o.kernel().get(1));
        assertEquals(7e4, o.kernel().get(0)[0]);
    }

    @Test
    void aNaNIsHandedOn() {
        Case c = Case.random(3, 5, 7, 1);
        double[] broken = c.x.values().clone();
        broken[2] = Double.NaN;
        OpCheck.Outcome o = c.withX(broken).loss();
        assertTrue(Double.isNaN(o.kernel().get(0)[0]) && Double.isNaN(o.kernel().get(1)[0]));
        assertTrue(Double.isNaN(o.reference().get(0)[0]));
    }

    @ParameterizedTest
    @ValueSource(ints = {-2, 5, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void aTargetThatCannotBeIsNamed(int target) {
        Random random = new Random(1);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 2, 2, 3);
        OpCheck.Input table = OpCheck.normal(random, 1, true, 5, 3);
        OpCheck.Input targets = OpCheck.ints(new int[] {0, -1, 4, target}, 2, 2);
        OpCheck.Input weights = OpCheck.floats(new double[4], false, 2, 2); // checked even where the weight is 0
        String where = ": target " + target + " at [1, 1] is neither -1 nor in [0, 5)";
        assertEquals(LmHeadLoss.NAME + where, assertThrows(IllegalArgumentException.class,
                () -> OpCheck.outcome(LOSS, x, table, targets, weights)).getMessage());
        assertEquals(LmHeadLossGrad.NAME + where, assertThrows(IllegalArgumentException.class,
                () -> OpCheck.outcome(GRADIENT, x, table, OpCheck.floats(new double[1], true), targets, weights)).getMessage());
        LacunaOps.register();
        INDArray[] in = {x.array(DataType.FLOAT), table.array(DataType.FLOAT), targets.array(DataType.FLOAT), weights.array(DataType.FLOAT)};
        INDArray[] out = {Nd4j.scalar(0f), Nd4j.create(DataType.FLOAT, 2, 2)};
        assertEquals(LmHeadLoss.NAME + where, assertThrows(IllegalArgumentException.class, () -> new LmHeadLoss().reference(in, out)).getMessage());
    }

    @Test
    void aDerivativeThroughNllIsRefused() {
        Case c = Case.random(2, 3, 5, 1);
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable[] loss = LOSS.op(sd, new SDVariable[] {sd.var("x", c.x.array(DataType.FLOAT)), sd.var("w", c.table.array(DataType.FLOAT)),
            sd.constant("targets", c.targets.array(DataType.FLOAT)), sd.constant("weights", c.weights.array(DataType.FLOAT))});
        loss[0].add(loss[1].sum()).rename("objective");
        sd.setLossVariables("objective");
        UnsupportedOperationException e = assertThrows(UnsupportedOperationException.class, sd::createGradFunction);
        assertTrue(e.getMessage().contains("depends on nll"), e.getMessage());
    }

    /** Embedding, linear layer and loss on tied weights: the program against SameDiff's own run of the references. */
    @Test
    void programEqualsSameDiff() {
        Random random = new Random(3);
        int vocabulary = 37;
        int width = 13;
        SameDiff sd = SameDiff.create();
        INDArray table = OpCheck.normal(random, 0.5, true, vocabulary, width).array(DataType.FLOAT);
        INDArray weight = OpCheck.normal(random, 0.5, true, width, width).array(DataType.FLOAT);
        INDArray bias = OpCheck.normal(random, 0.5, true, width).array(DataType.FLOAT);
        SDVariable tied = sd.var("table", table);
        SDVariable x = Embedding.of(sd, "x", tied, sd.placeHolder("ids", DataType.INT, 2, 5));
        SDVariable y = Linear.of(sd, List.of("y"), x, List.of(sd.var("weight", weight)), List.of(sd.var("bias", bias)))[0];
        LmHeadLoss.of(sd, "loss", "nll", Add.of(sd, "z", x, y), tied, sd.placeHolder("targets", DataType.INT, 2, 5), sd.placeHolder("token_weight", DataType.FLOAT, 2, 5));
        sd.setLossVariables("loss");
        CpuDevice device = new CpuDevice();
        Program program = Program.of(sd, device).placeholder("ids", 2, 5).placeholder("targets", 2, 5).placeholder("token_weight", 2, 5)
                .outputs("loss", "nll").gradients().build();
        assertEquals(1, program.opNames().stream().filter(n -> n.startsWith(LmHeadLoss.NAME)).count(), "the gradient's op gives the loss too");
        ParameterStore store = new ParameterStore(device, List.of(new TensorSpec("table", DataType.FLOAT, vocabulary, width),
                new TensorSpec("weight", DataType.FLOAT, width, width), new TensorSpec("bias", DataType.FLOAT, width)));
        store.tensor("table").set(table.data().asFloat());
        store.tensor("weight").set(weight.data().asFloat());
        store.tensor("bias").set(bias.data().asFloat());
        ParameterStore.Flat gradients = store.like();
        Instance run = program.debugInstance(store.values(), gradients);
        int[] ids = random.ints(10, 0, vocabulary).toArray();
        int[] targets = random.ints(10, -1, vocabulary).toArray();
        float[] weights = {1, 1, 0.5f, 0, 1, 1, 1, 2, 1, 1};
        run.tensor("ids").set(ids);
        run.tensor("targets").set(targets);
        run.tensor("token_weight").set(weights);
        run.run();
        Map<String, INDArray> fed = Map.of("ids", Nd4j.createFromArray(ids).reshape(2, 5), "targets", Nd4j.createFromArray(targets).reshape(2, 5),
                "token_weight", Nd4j.createFromArray(weights).reshape(2, 5));
        assertClose(sd.output(fed, "loss").get("loss"), run.tensor("loss"));
        assertClose(sd.output(fed, "nll").get("nll"), run.tensor("nll"));
        Map<String, INDArray> expected = sd.calculateGradients(fed, "table", "weight", "bias");
        expected.forEach((name, gradient) -> assertClose(gradient, gradients.tensor(name)));
    }

    private static void assertClose(INDArray expected, Tensor actual) {
        float[] e = expected.dup('c').data().asFloat();
        float bound = 1e-5f * expected.amaxNumber().floatValue() + 1e-7f;
        assertArrayEquals(e, actual.toFloats(), bound, actual.name());
    }

    @Test
    void allocatesNothing() {
        Case c = Case.random(130, 5, 19, 1);
        Allocations.assertNone(LOSS, c.x, c.table, c.targets, c.weights);
        Allocations.assertNone(GRADIENT, c.x, c.table, OpCheck.floats(new double[] {1}, true), c.targets, c.weights);
    }

    @Test
    void upstreamScales() {
        Case c = Case.random(5, 7, 19, 1);
        double[] half = c.gradient(0.5).kernel().get(1);
        assertArrayEquals(c.gradient(1).kernel().get(1), Arrays.stream(half).map(g -> 2 * g).toArray());
    }
}
