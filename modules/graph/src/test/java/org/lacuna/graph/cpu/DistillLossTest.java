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
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.DistillLoss;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class DistillLossTest {
    private static final double UPSTREAM = 0.37f;

    /** Against a student that knows nothing, a teacher who says ¾ and ¼; at τ = 2 the logits of the same teacher are twice as large. */
    @ParameterizedTest
    @ValueSource(doubles = {1, 2})
    void theDivergenceIsTheTeachers(double temperature) {
        OpCheck.Input none = OpCheck.floats(new double[] {0}, true, 1, 1, 1);
        OpCheck.Input table = OpCheck.floats(new double[] {1, 1}, true, 2, 1);
        OpCheck.Input one = OpCheck.floats(new double[] {1}, false, 1, 1, 1);
        OpCheck.Input teacher = OpCheck.floats(new double[] {temperature * Math.log(3), 0}, false, 2, 1);
        OpCheck.Outcome o = new DistillCase(temperature, none, table, one, teacher, OpCheck.floats(new double[] {0.5}, false, 1, 1)).loss();
        double kl = 0.75 * Math.log(1.5) + 0.25 * Math.log(0.5);
        assertEquals(kl, o.reference().get(1)[0], 1e-7, "log 3 is a float");
        assertEquals(kl, o.kernel().get(1)[0], 4e-7);
        assertEquals(0.5 * temperature * temperature * kl, o.reference().get(0)[0], 2e-7);
        assertEquals(0.5 * temperature * temperature * kl, o.kernel().get(0)[0], 8e-7);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1,1", "1,3,2,2,1", "3,17,5,17,2", "17,3,7,257,0.5", "1,33,8,2500,3", "300,5,3,17,1", "17,3,3,16,1", "3,65,9,17,1", "150,32,64,96,2"})
    void kernelsEqualReferencesAndTheFormula(int t, int width, int teacherWidth, int vocabulary, double temperature) {
        DistillCase c = DistillCase.random(t, width, teacherWidth, vocabulary, temperature);
        OpCheck.Outcome loss = c.loss();
        c.checkLoss(loss);
        OpCheck.Outcome o = c.gradient(UPSTREAM);
        c.checkGradient(List.of(o), UPSTREAM, 0);
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(loss.kernel().get(i), o.kernel().get(2 + i), "both ops compute the same loss and kl, to the bit");
            assertArrayEquals(loss.reference().get(i), o.reference().get(2 + i));
        }
    }

    /** The derivative by the logits is rounded to bf16 before it is a factor. */
    @ParameterizedTest
    @CsvSource({"1,1,1,1,1", "1,3,2,2,1", "3,17,5,17,2", "17,3,7,257,0.5", "1,33,8,2500,3", "300,5,3,17,1", "17,3,3,16,1", "3,65,9,17,1", "150,32,64,96,2"})
    void bf16KernelsEqualReferencesAndTheFormula(int t, int width, int teacherWidth, int vocabulary, double temperature) {
        DistillCase c = DistillCase.random(t, width, teacherWidth, vocabulary, temperature).rounded();
        List<OpCheck.Outcome> losses = OpCheck.narrowOutcomes(c.lossOp(), c.lossInputs());
        losses.forEach(c::checkLoss);
        List<OpCheck.Outcome> gradients = OpCheck.narrowOutcomes(c.gradientOp(), c.gradientInputs(UPSTREAM));
        c.checkGradient(gradients, UPSTREAM, OpCheck.NARROW);
        assertArrayEquals(losses.get(0).kernel().get(0), gradients.get(0).kernel().get(2), "both ops compute the same loss, to the bit");
        assertArrayEquals(losses.get(0).kernel().get(1), gradients.get(0).kernel().get(3), "and the same kl");
    }

    @ParameterizedTest
    @CsvSource({"1,1", "3,2", "17,0.5"})
    void gradientEqualsDifferences(int n, double temperature) {
        DistillCase c = DistillCase.random(2, n, 2, 3, temperature);
        OpCheck.assertGradients(c.lossOp(), 1e-4, 1e-6, c.lossInputs());
        DistillCase wide = DistillCase.random(2, 2, 3, n + 1, temperature);
        OpCheck.assertGradients(wide.lossOp(), 1e-4, 1e-6, wide.lossInputs());
    }

    @ParameterizedTest
    @CsvSource({"3,17,17,1", "17,3,257,0.7", "150,32,96,3"})
    void aStudentLikeItsTeacherHasNothingToLearn(int t, int width, int vocabulary, double temperature) {
        DistillCase c = DistillCase.random(t, width, 1, vocabulary, temperature).withItself();
        assertAllZero(c.gradient(1).kernel());
        assertAllZero(c.gradient(1).reference());
        assertAllZero(c.loss().kernel());
    }

    @Test
    void inBf16Likewise() {
        DistillCase c = DistillCase.random(17, 3, 1, 257, 0.7).rounded().withItself();
        OpCheck.narrowOutcomes(c.gradientOp(), c.gradientInputs(1)).forEach(o -> assertAllZero(o.kernel()));
    }

    private static void assertAllZero(List<double[]> outputs) {
        for (int i = 0; i < outputs.size(); i++) {
            for (double value : outputs.get(i)) {
                assertEquals(0, Math.abs(value), "output " + i);
            }
        }
    }

    @Test
    void tokensWithoutWeightAreNotRead() {
        DistillCase c = DistillCase.random(70, 17, 5, 33, 2);
        DistillCase broken = c.withStates(broken(c, c.x()), broken(c, c.teacherX()));
        assertTrue(Double.isNaN(Arrays.stream(broken.x().values()).sum()), "some weights are 0");
        OpCheck.Outcome before = c.gradient(1);
        OpCheck.Outcome after = broken.gradient(1);
        for (int i = 0; i < 4; i++) {
            assertArrayEquals(before.kernel().get(i), after.kernel().get(i), "output " + i);
            assertArrayEquals(before.reference().get(i), after.reference().get(i), "output " + i);
        }
        for (int token = 0; token < c.tokens(); token++) {
            if (!c.weighted(token)) {
                assertEquals(0, after.kernel().get(3)[token]);
                assertArrayEquals(new double[17], Arrays.copyOfRange(after.kernel().get(0), token * 17, (token + 1) * 17));
            }
        }
    }

    private static double[] broken(DistillCase c, OpCheck.Input states) {
        double[] values = states.values().clone();
        int width = values.length / c.tokens();
        for (int e = 0; e < values.length; e++) {
            values[e] = c.weighted(e / width) ? values[e] : Double.NaN;
        }
        return values;
    }

    @Test
    void withoutAnyWeightAllIsZero() {
        DistillCase c = DistillCase.random(3, 5, 2, 7, 1).withWeights(new double[6]);
        assertAllZero(c.gradient(1).kernel());
        assertAllZero(c.gradient(1).reference());
        assertAllZero(c.loss().kernel());
    }

    @Test
    void aNaNIsHandedOn() {
        DistillCase c = DistillCase.random(3, 5, 2, 7, 1);
        double[] broken = c.teacherX().values().clone();
        broken[1] = Double.NaN;
        OpCheck.Outcome o = c.withStates(c.x().values(), broken).loss();
        assertTrue(Double.isNaN(o.kernel().get(0)[0]) && Double.isNaN(o.kernel().get(1)[0]));
        assertTrue(Double.isNaN(o.reference().get(0)[0]));
    }

    @Test
    void logitsFarApartStayFinite() {
        OpCheck.Input x = OpCheck.floats(new double[] {1e4, -3e4}, true, 1, 2, 1);
        OpCheck.Input table = OpCheck.floats(new double[] {1, 0, -1}, true, 3, 1);
        OpCheck.Input teacher = OpCheck.floats(new double[] {-1, 0, 1}, false, 3, 1);
        OpCheck.Outcome o = new DistillCase(0.5, x, table, OpCheck.floats(x.values(), false, x.shape()), teacher, OpCheck.floats(new double[] {1, 1}, false, 1, 2)).loss();
        // All of the teacher's probability is where the student's logit is 2 · 10⁴ (6 · 10⁴) below its largest, over τ.
        assertArrayEquals(new double[] {4e4, 12e4}, o.kernel().get(1));
        assertEquals(4e4, o.kernel().get(0)[0]);
    }

    @Test
    void aDerivativeThroughKlIsRefused() {
        DistillCase c = DistillCase.random(2, 3, 2, 5, 1);
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable[] loss = c.lossOp().op(sd, new SDVariable[] {sd.var("x", c.x().array(DataType.FLOAT)), sd.var("w", c.table().array(DataType.FLOAT)),
            sd.constant("xp", c.teacherX().array(DataType.FLOAT)), sd.constant("wp", c.teacherTable().array(DataType.FLOAT)),
            sd.constant("weights", c.weights().array(DataType.FLOAT))});
        loss[0].add(loss[1].sum()).rename("objective");
        sd.setLossVariables("objective");
        UnsupportedOperationException e = assertThrows(UnsupportedOperationException.class, sd::createGradFunction);
        assertTrue(e.getMessage().contains("depends on kl"), e.getMessage());
    }

    @Test
    void refusesWhatDoesNotFit() {
        DistillCase c = DistillCase.random(2, 3, 2, 5, 1);
        OpCheck.Input[] in = c.lossInputs();
        in[3] = OpCheck.floats(new double[8], false, 4, 2);
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(c.lossOp(), in));
        assertTrue(e.getMessage().contains("not [2, 2, 2] and [4, 2]"), e.getMessage());
        for (double temperature : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            DistillCase none = DistillCase.random(2, 3, 2, 5, temperature);
            assertThrows(IllegalArgumentException.class, () -> OpCheck.op(none.lossOp(), none.lossInputs()));
        }
    }

    /** The student's parameters learn; the teacher's states and output layer are fed. */
    @Test
    void programEqualsSameDiff() {
        DistillCase c = DistillCase.random(5, 13, 7, 37, 2);
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.var("x", c.x().array(DataType.FLOAT));
        SDVariable table = sd.var("table", c.table().array(DataType.FLOAT));
        DistillLoss.of(sd, "loss", "kl", x, table, sd.placeHolder("xp", DataType.FLOAT, 2, 5, 7), sd.placeHolder("wp", DataType.FLOAT, 37, 7),
                sd.placeHolder("weight", DataType.FLOAT, 2, 5), 2);
        sd.setLossVariables("loss");
        CpuDevice device = new CpuDevice();
        Program program = Program.of(sd, device).placeholder("xp", 2, 5, 7).placeholder("wp", 37, 7).placeholder("weight", 2, 5).outputs("loss", "kl").gradients().build();
        assertEquals(1, program.opNames().size(), "the gradient's op gives the loss too");
        ParameterStore store = new ParameterStore(device, List.of(new TensorSpec("x", DataType.FLOAT, 2, 5, 13), new TensorSpec("table", DataType.FLOAT, 37, 13)));
        store.tensor("x").set(floats(c.x()));
        store.tensor("table").set(floats(c.table()));
        ParameterStore.Flat gradients = store.like();
        Instance run = program.debugInstance(store.values(), gradients);
        run.tensor("xp").set(floats(c.teacherX()));
        run.tensor("wp").set(floats(c.teacherTable()));
        run.tensor("weight").set(floats(c.weights()));
        run.run();
        Map<String, INDArray> fed = Map.of("xp", c.teacherX().array(DataType.FLOAT), "wp", c.teacherTable().array(DataType.FLOAT), "weight", c.weights().array(DataType.FLOAT));
        assertClose(sd.output(fed, "loss").get("loss"), run.tensor("loss").toFloats());
        assertClose(sd.output(fed, "kl").get("kl"), run.tensor("kl").toFloats());
        sd.calculateGradients(fed, "x", "table").forEach((name, gradient) -> assertClose(gradient, gradients.tensor(name).toFloats()));
    }

    private static float[] floats(OpCheck.Input input) {
        float[] values = new float[input.values().length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) input.values()[i];
        }
        return values;
    }

    private static void assertClose(INDArray expected, float[] actual) {
        assertArrayEquals(expected.dup('c').data().asFloat(), actual, 1e-5f * expected.amaxNumber().floatValue());
    }

    @Test
    void kernelsAllocateNothing() {
        DistillCase c = DistillCase.random(130, 5, 3, 19, 2);
        Allocations.assertNone(c.lossOp(), c.lossInputs());
        Allocations.assertNone(c.gradientOp(), c.gradientInputs(1));
    }

    @Test
    void bf16KernelsAllocateNothing() {
        DistillCase c = DistillCase.random(130, 5, 3, 19, 2);
        Allocations.assertNoneNarrow(c.lossOp(), c.lossInputs());
        Allocations.assertNoneNarrow(c.gradientOp(), c.gradientInputs(1));
    }

    /** How many tokens have weight changes from run to run. */
    @Test
    void otherWeightsOnTheSameCall() {
        DistillCase c = DistillCase.random(300, 5, 3, 17, 1);
        BoundOp bound = BoundOp.of(OpCheck.op(c.gradientOp(), c.gradientInputs(1)), c.gradientInputs(1));
        Random random = new Random(1);
        for (int some : new int[] {600, 0, 1, 63, 65, 257, 600}) {
            double[] weights = new double[600];
            for (int k = 0; k < some; k++) {
                weights[some == 600 ? k : random.nextInt(600)] = 0.5;
            }
            DistillCase other = c.withWeights(weights);
            for (int t = 0; t < 600; t++) {
                bound.in()[5].setFloat(t, (float) weights[t]);
            }
            bound.call().run();
            List<double[]> expected = other.gradient(1).kernel();
            for (int i = 0; i < 4; i++) {
                assertArrayEquals(expected.get(i), BoundOp.values(bound.out()[i]), some + " tokens, output " + i);
            }
        }
    }
}
