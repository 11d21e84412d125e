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
    @ParameterizedTest
    @CsvSource({"1,1,1,1", "1,3,2,1", "3,17,17,1", "17,3,257,1", "1,33,2500,0.3", "150,5,257,1", "150,5,7,1", "17,3,16,1", "3,65,17,8", "150,32,96,1"})
    void lossEqualsReferenceAndTheFormula(int t, int width, int vocabulary, double scale) {
        LossCase c = LossCase.random(t, width, vocabulary, scale);
        c.checkLoss(c.loss());
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1", "1,3,2,1", "3,17,17,1", "17,3,257,1", "1,33,2500,0.3", "150,5,257,1", "150,5,7,1", "17,3,16,1", "3,65,17,8", "150,32,96,1"})
    void bf16LossEqualsReferenceAndTheFormula(int t, int width, int vocabulary, double scale) {
        LossCase c = LossCase.random(t, width, vocabulary, scale).rounded();
        OpCheck.narrowOutcomes(LossCase.LOSS, c.lossInputs()).forEach(c::checkLoss);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1", "1,3,2,1", "3,17,17,1", "17,3,257,1", "1,33,2500,0.3", "150,5,257,1", "150,5,7,1", "17,3,16,1", "3,65,17,8", "150,32,96,1"})
    void gradientEqualsReference(int t, int width, int vocabulary, double scale) {
        LossCase c = LossCase.random(t, width, vocabulary, scale);
        double upstream = 0.37f;
        OpCheck.Outcome o = c.gradient(upstream);
        c.checkGradient(List.of(o), upstream, 0);
        OpCheck.Outcome forward = c.loss();
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(forward.kernel().get(i), o.kernel().get(2 + i), "both ops compute the same loss and nll, to the bit");
            assertArrayEquals(forward.reference().get(i), o.reference().get(2 + i));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1", "1,3,2,1", "3,17,17,1", "17,3,5,1", "150,5,7,1", "17,3,16,1", "150,32,96,0.1"})
    void tellsWhereTheTargetIsTheFirstOfTheLargest(int t, int width, int vocabulary, double scale) {
        LossCase c = LossCase.random(t, width, vocabulary, scale);
        OpCheck.Build build = (sd, in) -> LmHeadLoss.withGreedy(sd, "out", "nll", "greedy", in[0], in[1], in[2], in[3]);
        OpCheck.Outcome o = OpCheck.outcome(build, c.lossInputs());
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(c.loss().kernel().get(i), o.kernel().get(i), "loss and nll are the same without it");
        }
        for (int r = 0; r < 2 * t; r++) {
            int best = 0;
            double most = Double.NEGATIVE_INFINITY;
            for (int v = 0; v < vocabulary; v++) {
                double logit = 0;
                for (int i = 0; i < width; i++) {
                    logit += c.x().values()[r * width + i] * c.table().values()[v * width + i];
                }
                best = logit > most ? v : best;
                most = Math.max(most, logit);
            }
            double expected = c.scored(r) && best == (int) c.targets().values()[r] ? 1 : 0;
            assertEquals(expected, o.kernel().get(2)[r]);
            assertEquals(expected, o.reference().get(2)[r]);
        }
    }

    /** Few of many blocks' rows are computed then, together. */
    @ParameterizedTest
    @CsvSource({"16,257,37", "33,96,37", "16,257,3", "16,257,409"})
    void whereFewRowsAreScoredEachHasTheBitsThatItHasAmongAll(int width, int vocabulary, int every) {
        OpCheck.Build build = (sd, in) -> LmHeadLoss.withGreedy(sd, "out", "nll", "greedy", in[0], in[1], in[2], in[3]);
        LossCase c = LossCase.random(408, width, vocabulary, 1);
        int[] few = Arrays.stream(c.targets().values()).mapToInt(target -> (int) target).toArray();
        for (int r = 0; r < few.length; r++) {
            few[r] = r % every == 1 ? few[r] : -1;
        }
        OpCheck.Outcome all = OpCheck.outcome(build, c.lossInputs());
        OpCheck.Outcome some = OpCheck.outcome(build, c.x(), c.table(), OpCheck.ints(few, 2, 408), c.weights());
        double loss = 0;
        for (int r = 0; r < few.length; r++) {
            boolean scored = few[r] >= 0 && c.scored(r);
            assertEquals(scored ? all.kernel().get(1)[r] : 0, some.kernel().get(1)[r], "nll " + r);
            assertEquals(scored ? all.kernel().get(2)[r] : 0, some.kernel().get(2)[r], "greedy " + r);
            loss += scored ? c.weights().values()[r] * all.kernel().get(1)[r] : 0;
        }
        assertEquals(loss, some.kernel().get(0)[0], 1e-6 * loss);
    }

    @Test
    void ofEqualLogitsTheFirstIsGreedy() {
        OpCheck.Build build = (sd, in) -> LmHeadLoss.withGreedy(sd, "out", "nll", "greedy", in[0], in[1], in[2], in[3]);
        OpCheck.Input table = OpCheck.floats(new double[] {1, 2, 2, 0}, true, 4, 1);
        OpCheck.Outcome o = OpCheck.outcome(build, OpCheck.floats(new double[] {1, 1, 1, 1, 0}, true, 1, 5, 1), table, OpCheck.ints(new int[] {1, 2, -1, 1, 0}, 1, 5),
                OpCheck.floats(new double[] {1, 1, 1, 0, 1}, false, 1, 5));
        for (List<double[]> outputs : List.of(o.kernel(), o.reference())) {
            assertArrayEquals(new double[] {1, 0, 0, 0, 1}, outputs.get(2));
        }
    }

    /** The derivative by the logits is rounded to bf16 before it is a factor. */
    @ParameterizedTest
    @CsvSource({"1,1,1,1", "1,3,2,1", "3,17,17,1", "17,3,257,1", "1,33,2500,0.3", "150,5,257,1", "150,5,7,1", "17,3,16,1", "3,65,17,8", "150,32,96,1"})
    void bf16GradientEqualsReference(int t, int width, int vocabulary, double scale) {
        LossCase c = LossCase.random(t, width, vocabulary, scale).rounded();
        double upstream = 0.37f;
        List<OpCheck.Outcome> outcomes = OpCheck.narrowOutcomes(LossCase.GRADIENT, c.gradientInputs(upstream));
        c.checkGradient(outcomes, upstream, OpCheck.NARROW);
        List<OpCheck.Outcome> losses = OpCheck.narrowOutcomes(LossCase.LOSS, c.lossInputs()); // of each library one
        for (int i = 0; i < outcomes.size(); i++) {
            List<double[]> forward = losses.get(i * losses.size() / outcomes.size()).kernel();
            assertArrayEquals(forward.get(0), outcomes.get(i).kernel().get(2), "both ops compute the same loss, to the bit");
            assertArrayEquals(forward.get(1), outcomes.get(i).kernel().get(3), "and the same nll");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void gradientEqualsDifferences(int n) {
        LossCase c = LossCase.random(2, n, 3, 1);
        OpCheck.assertGradients(LossCase.LOSS, 1e-4, 1e-6, c.x(), c.table(), c.targets(), c.weights());
        LossCase one = LossCase.random(2, 2, n, 1);
        OpCheck.assertGradients(LossCase.LOSS, 1e-4, 1e-6, one.x(), one.table(), one.targets(), one.weights());
    }

    @Test
    void rowsThatAreNotScoredAddNothing() {
        LossCase c = LossCase.random(70, 17, 33, 1);
        double[] moved = c.x().values().clone();
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
        OpCheck.Outcome o = OpCheck.outcome(LossCase.LOSS, x, table, OpCheck.ints(targets, 1, 4), weights);
        assertArrayEquals(new double[] {0, 1e4, 6e4, 0}, o.kernel().get(1));
        assertEquals(7e4, o.kernel().get(0)[0]);
    }

    @Test
    void aNaNIsHandedOn() {
        LossCase c = LossCase.random(3, 5, 7, 1);
        double[] broken = c.x().values().clone();
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
                () -> OpCheck.outcome(LossCase.LOSS, x, table, targets, weights)).getMessage());
        assertEquals(LmHeadLossGrad.NAME + where, assertThrows(IllegalArgumentException.class,
                () -> OpCheck.outcome(LossCase.GRADIENT, x, table, OpCheck.floats(new double[1], true), targets, weights)).getMessage());
        LacunaOps.register();
        INDArray[] in = {x.array(DataType.FLOAT), table.array(DataType.FLOAT), targets.array(DataType.FLOAT), weights.array(DataType.FLOAT)};
        INDArray[] out = {Nd4j.scalar(0f), Nd4j.create(DataType.FLOAT, 2, 2)};
        assertEquals(LmHeadLoss.NAME + where, assertThrows(IllegalArgumentException.class, () -> new LmHeadLoss().reference(in, out)).getMessage());
    }

    @Test
    void aDerivativeThroughNllIsRefused() {
        LossCase c = LossCase.random(2, 3, 5, 1);
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable[] loss = LossCase.LOSS.op(sd, new SDVariable[] {sd.var("x", c.x().array(DataType.FLOAT)), sd.var("w", c.table().array(DataType.FLOAT)),
            sd.constant("targets", c.targets().array(DataType.FLOAT)), sd.constant("weights", c.weights().array(DataType.FLOAT))});
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
        LossCase c = LossCase.random(130, 5, 19, 1);
        Allocations.assertNone(LossCase.LOSS, c.x(), c.table(), c.targets(), c.weights());
        Allocations.assertNone(LossCase.GRADIENT, c.x(), c.table(), OpCheck.floats(new double[] {1}, true), c.targets(), c.weights());
    }

    @Test
    void bf16KernelsAllocateNothing() {
        LossCase c = LossCase.random(130, 5, 19, 1);
        Allocations.assertNoneNarrow(LossCase.LOSS, c.lossInputs());
        Allocations.assertNoneNarrow(LossCase.GRADIENT, c.gradientInputs(1));
    }

    @Test
    void upstreamScales() {
        LossCase c = LossCase.random(5, 7, 19, 1);
        double[] half = c.gradient(0.5).kernel().get(1);
        assertArrayEquals(c.gradient(1).kernel().get(1), Arrays.stream(half).map(g -> 2 * g).toArray());
    }
}
