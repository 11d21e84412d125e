package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.Dropout;
import org.lacuna.graph.op.HiddenDistance;
import org.lacuna.graph.program.Instance;
import org.lacuna.graph.program.Program;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

class DropoutTest {
    private static final OpCheck.Input KEY = key(12345, -6789);

    private static OpCheck.Build dropout(double rate, int stream) {
        return (sd, in) -> new SDVariable[] {Dropout.of(sd, "y", in[0], in[1], rate, stream)};
    }

    private static OpCheck.Input key(int first, int second) {
        return OpCheck.ints(new int[] {first, second}, 2);
    }

    /** What is kept of {@code n} ones. */
    private static boolean[] mask(int n, double rate, int stream, OpCheck.Input key) {
        double[] ones = new double[n];
        Arrays.fill(ones, 1);
        double[] y = OpCheck.outcome(dropout(rate, stream), OpCheck.floats(ones, true, 1, 1, n), key).kernel().get(0);
        boolean[] kept = new boolean[n];
        for (int j = 0; j < n; j++) {
            kept[j] = y[j] != 0;
        }
        return kept;
    }

    /** Asserts that a coin of that probability gives as many, to 5 standard errors. */
    private static void assertShare(double probability, int count, int n, String what) {
        double error = Math.sqrt(probability * (1 - probability) / n);
        assertEquals(probability, (double) count / n, 5 * error, what);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.01, 0.1, 0.5, 0.9})
    void asManyAreKeptAsSaid(double rate) {
        int n = 100_003;
        boolean[] mask = mask(n, rate, 3, KEY);
        int kept = 0;
        int alike = 0;
        for (int j = 0; j < n; j++) {
            kept += mask[j] ? 1 : 0;
            alike += j > 0 && mask[j] == mask[j - 1] ? 1 : 0;
        }
        assertShare(1 - rate, kept, n, "kept");
        assertShare(rate * rate + (1 - rate) * (1 - rate), alike, n - 1, "like the one before");
    }

    /** Masks agree as often as coins do. */
    @Test
    void keysAndStreamsHaveTheirOwnMasks() {
        int n = 100_003;
        List<boolean[]> masks = List.of(mask(n, 0.3, 0, KEY), mask(n, 0.3, 1, KEY), mask(n, 0.3, 0, key(12346, -6789)), mask(n, 0.3, 0, key(12345, -6788)),
                mask(n, 0.3, 0, key(0, 0)), mask(n, 0.3, 1, key(0, 0)), mask(n, 0.3, 0, key(1, 0)), mask(n, 0.3, 0, key(0, 1)));
        for (int a = 0; a < masks.size(); a++) {
            for (int b = 0; b < a; b++) {
                int alike = 0;
                for (int j = 0; j < n; j++) {
                    alike += masks.get(a)[j] == masks.get(b)[j] ? 1 : 0;
                }
                assertShare(0.3 * 0.3 + 0.7 * 0.7, alike, n, "masks " + a + " and " + b);
            }
        }
        assertArrayEquals(masks.get(0), mask(n, 0.3, 0, KEY));
    }

    /** A kept element is off by its factor and the product, each half a unit of its own. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 100, 3 * ElementwiseKernel.BLOCK + 5})
    void kernelEqualsReference(int n) {
        Random random = new Random(n);
        OpCheck.outcome(dropout(0.3, 7), OpCheck.normal(random, 1, true, 1, 3, n), KEY).assertUlps(0, 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17, 100, 3 * ElementwiseKernel.BLOCK + 5})
    void bf16KernelsEqualReference(int n) {
        Random random = new Random(n);
        OpCheck.narrowOutcomes(dropout(0.3, 7), OpCheck.normal(random, 1, true, 1, 3, n).rounded(), KEY).forEach(o -> o.assertUlps(0, 2));
    }

    @Test
    void withoutARateAllStaysToTheBit() {
        OpCheck.Input v = OpCheck.floats(new double[] {1, -0.0, 0, Float.MIN_VALUE, -Float.MAX_VALUE, 0.1f, Double.NEGATIVE_INFINITY}, true, 1, 1, 7);
        OpCheck.Outcome o = OpCheck.outcome(dropout(0, 1), v, KEY);
        assertArrayEquals(v.values(), o.kernel().get(0));
        assertArrayEquals(v.values(), o.reference().get(0));
    }

    /** What is left out is 0, whatever it was. */
    @Test
    void whatIsLeftOutIsNotRead() {
        double[] nothing = new double[100];
        Arrays.fill(nothing, Double.NaN);
        OpCheck.Outcome o = OpCheck.outcome(dropout(0.5, 1), OpCheck.floats(nothing, true, 1, 1, 100), KEY);
        boolean[] kept = mask(100, 0.5, 1, KEY);
        for (int j = 0; j < 100; j++) {
            assertEquals(kept[j] ? Double.NaN : 0, o.kernel().get(0)[j]);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,0", "3,0.1", "17,0.5"})
    void gradientEqualsDifferences(int n, double rate) {
        OpCheck.assertGradients(dropout(rate, 2), 1e-4, 1e-6, OpCheck.normal(new Random(n), 1, true, 1, 2, n), KEY);
    }

    /** A key is a placeholder like any other; a run with another one changes the mask, of values and gradients alike. */
    @Test
    void aProgramsGradientHasTheMaskOfItsValues() {
        int n = 2 * ElementwiseKernel.BLOCK + 3;
        SameDiff sd = SameDiff.create();
        SDVariable y = Dropout.of(sd, "y", sd.var("v", DataType.FLOAT, 1, 1, n), sd.placeHolder("key", DataType.INT, 2), 0.25, 4);
        HiddenDistance.of(sd, "loss", y, sd.constant("none", OpCheck.floats(new double[n], false, 1, 1, n).array(DataType.FLOAT)), sd.placeHolder("weight", DataType.FLOAT, 1, 1));
        sd.setLossVariables("loss");
        CpuDevice device = new CpuDevice();
        ParameterStore store = new ParameterStore(device, List.of(new TensorSpec("v", DataType.FLOAT, 1, 1, n)));
        store.normal("v", 1, new Random(5));
        ParameterStore.Flat gradients = store.like();
        Program program = Program.of(sd, device).placeholder("key", 2).placeholder("weight", 1, 1).outputs("y").gradients().panels(3).build();
        Instance run = program.debugInstance(store.values(), gradients);
        run.tensor("weight").set(n / 2f);
        float[] first = run(run, 1, 2);
        float[] gradient = gradients.tensor("v").toFloats();
        float scale = (float) (1 / 0.75);
        int left = 0;
        for (int j = 0; j < n; j++) {
            assertEquals(first[j] * scale, gradient[j], Math.ulp(first[j]) * 2, "d(y²/2)/dv");
            left += first[j] == 0 ? 1 : 0;
        }
        assertTrue(left > 0);
        assertFalse(Arrays.equals(first, run(run, 1, 3)));
        assertFalse(Arrays.equals(gradient, gradients.tensor("v").toFloats()));
        assertArrayEquals(first, run(run, 1, 2));
        assertArrayEquals(gradient, gradients.tensor("v").toFloats());
    }

    private static float[] run(Instance run, int... key) {
        run.tensor("key").set(key);
        run.run();
        return run.tensor("y").toFloats();
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1, Double.NaN})
    void refusesARateThatIsNone(double rate) {
        OpCheck.Input v = OpCheck.normal(new Random(1), 1, true, 1, 1, 3);
        assertThrows(IllegalArgumentException.class, () -> OpCheck.op(dropout(rate, 0), v, KEY));
    }

    @Test
    void refusesAnotherKey() {
        OpCheck.Input v = OpCheck.normal(new Random(1), 1, true, 1, 1, 3);
        assertThrows(IllegalArgumentException.class, () -> OpCheck.op(dropout(0.1, 0), v, OpCheck.doubles(new double[2], 2)));
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(dropout(0.1, 0), v, OpCheck.ints(new int[3], 3)));
    }

    @Test
    void kernelsAllocateNothing() {
        Allocations.assertNone(dropout(0.1, 0), OpCheck.normal(new Random(1), 1, true, 1, 3, ElementwiseKernel.BLOCK + 5), KEY);
    }

    @Test
    void bf16KernelsAllocateNothing() {
        OpCheck.Input v = OpCheck.normal(new Random(1), 1, true, 1, 3, ElementwiseKernel.BLOCK + 5);
        Allocations.assertNoneNarrow(dropout(0.1, 0), v, KEY);
    }
}
