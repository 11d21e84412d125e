package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.LmHeadLoss;
import org.lacuna.graph.op.LmHeadLossGrad;

/** The term in (log Z)² of the output layer's loss. */
class ZLossTest {
    private static final double UPSTREAM = 0.37f;

    private static LossCase random(int t, int width, int vocabulary, double z) {
        return LossCase.random(t, width, vocabulary, 1).withZ(z);
    }

    /** No logits but 0: Z is the size of the vocabulary. */
    @Test
    void theSquareOfTheLogarithmIsAdded() {
        OpCheck.Input x = OpCheck.floats(new double[] {0, 0, 0}, true, 1, 3, 1);
        OpCheck.Input table = OpCheck.floats(new double[5], true, 5, 1);
        LossCase c = new LossCase(3, 1, 5, x, table, OpCheck.ints(new int[] {0, 4, -1}, 1, 3), OpCheck.floats(new double[] {0.5, 2, 1}, false, 1, 3), 0.25);
        OpCheck.Outcome o = c.loss();
        double expected = 2.5 * (Math.log(5) + 0.25 * Math.log(5) * Math.log(5));
        assertEquals(expected, o.reference().get(0)[0], 1e-14);
        assertEquals(expected, o.kernel().get(0)[0], Math.ulp((float) expected));
        assertArrayEquals(new double[] {(float) Math.log(5), (float) Math.log(5), 0}, o.kernel().get(1), Math.ulp(2f));
    }

    @ParameterizedTest
    @CsvSource({"1,3,2,0.5", "3,17,17,0.0001", "17,3,257,0.5", "150,5,257,0.5", "17,3,16,4", "150,32,96,0.25"})
    void kernelsEqualReferencesAndTheFormula(int t, int width, int vocabulary, double z) {
        LossCase c = random(t, width, vocabulary, (float) z);
        OpCheck.Outcome loss = c.loss();
        c.checkLoss(loss);
        OpCheck.Outcome o = c.gradient(UPSTREAM);
        c.checkGradient(List.of(o), UPSTREAM, 0);
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(loss.kernel().get(i), o.kernel().get(2 + i), "both ops compute the same loss and nll, to the bit");
        }
    }

    @ParameterizedTest
    @CsvSource({"1,3,2,0.5", "3,17,17,0.0001", "17,3,257,0.5", "150,5,257,0.5", "17,3,16,4", "150,32,96,0.25"})
    void bf16KernelsEqualReferencesAndTheFormula(int t, int width, int vocabulary, double z) {
        LossCase c = random(t, width, vocabulary, (float) z).rounded();
        OpCheck.narrowOutcomes(c.lossOp(), c.lossInputs()).forEach(c::checkLoss);
        c.checkGradient(OpCheck.narrowOutcomes(c.gradientOp(), c.gradientInputs(UPSTREAM)), UPSTREAM, OpCheck.NARROW);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void gradientEqualsDifferences(int n) {
        LossCase c = random(2, n, 3, 0.5);
        OpCheck.assertGradients(c.lossOp(), 1e-4, 1e-6, c.lossInputs());
        LossCase one = random(2, 2, n, 0.5);
        OpCheck.assertGradients(one.lossOp(), 1e-4, 1e-6, one.lossInputs());
    }

    @Test
    void nllStaysWhatItIs() {
        LossCase c = random(17, 3, 257, 0.5);
        assertArrayEquals(c.withZ(0).loss().kernel().get(1), c.loss().kernel().get(1));
        assertFalse(Arrays.equals(c.withZ(0).loss().kernel().get(0), c.loss().kernel().get(0)));
    }

    /** One token whose logits are the table itself, so that dW is the derivative by them: against the arithmetic that there was before there was a z. */
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 64, 2500})
    void withoutItTheBitsArePlainCrossEntropys(int vocabulary) {
        OpCheck.Input table = OpCheck.normal(new Random(vocabulary), 3, true, vocabulary, 1);
        int target = vocabulary / 2;
        float weight = 0.3f;
        LossCase c = new LossCase(1, 1, vocabulary, OpCheck.floats(new double[] {1}, true, 1, 1, 1), table, OpCheck.ints(new int[] {target}, 1, 1),
                OpCheck.floats(new double[] {weight}, false, 1, 1), 0);
        ByteBuffer e = Lanes.floats(vocabulary);
        int padded = e.capacity() / Float.BYTES;
        for (int v = 0; v < padded; v++) {
            Lanes.put(e, v, v < vocabulary ? (float) table.values()[v] : Float.NEGATIVE_INFINITY);
        }
        float largest = LogitBlocks.largest(e, 0, padded);
        double sum = 0;
        for (int v = 0; v < padded; v += LogitBlocks.CHUNK) {
            sum += LogitBlocks.exponentials(e, v, Math.min(LogitBlocks.CHUNK, padded - v), largest, new float[Lanes.WIDTH]);
        }
        double nll = Math.log(sum) + largest - (float) table.values()[target];
        double by = UPSTREAM * weight;
        double[] dw = new double[vocabulary];
        for (int v = 0; v < vocabulary; v++) {
            dw[v] = v == target ? (float) (by * (Lanes.get(e, v) / sum - 1)) : Lanes.get(e, v) * (float) (by / sum);
        }
        List<double[]> kernel = c.gradient(UPSTREAM).kernel();
        assertArrayEquals(new double[] {(float) (weight * nll)}, kernel.get(2));
        assertArrayEquals(new double[] {(float) nll}, kernel.get(3));
        assertArrayEquals(dw, kernel.get(1));
    }

    @Test
    void anOpWithoutTheArgumentHasNone() {
        assertEquals(0, new LmHeadLoss().zLoss());
        assertEquals(0, new LmHeadLossGrad().zLoss());
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1e-4, Double.NaN, Double.POSITIVE_INFINITY})
    void refusesAFactorThatIsNone(double z) {
        LossCase c = random(1, 2, 3, z);
        assertThrows(IllegalArgumentException.class, () -> OpCheck.op(c.lossOp(), c.lossInputs()));
    }

    @Test
    void kernelsAllocateNothing() {
        LossCase c = random(130, 5, 19, 0.5);
        Allocations.assertNone(c.lossOp(), c.lossInputs());
        Allocations.assertNone(c.gradientOp(), c.gradientInputs(1));
    }
}
