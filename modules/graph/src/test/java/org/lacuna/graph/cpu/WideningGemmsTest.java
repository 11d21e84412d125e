package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.nd4j.linalg.api.buffer.DataType;

/** What {@link GemmTest} does not ask of every library that multiplies bf16. */
class WideningGemmsTest {
    private static final CpuDevice DEVICE = new CpuDevice();

    private static List<GemmLibrary> libraries() {
        return List.of(new WideningGemms(new OneDnnGemms()), new WideningGemms(new OpenBlasGemms()));
    }

    /** However C lies, its bf16s are its floats, rounded. */
    @ParameterizedTest
    @MethodSource("libraries")
    void roundsTheSums(GemmLibrary gemms) {
        for (int[] size : new int[][] {{1, 1, 1}, {17, 33, 65}, {600, 70, 40}, {40, 1100, 20}, {530, 1030, 1100}}) {
            int m = size[0];
            int n = size[1];
            int k = size[2];
            Tensor a = GemmTest.rounded(GemmTest.random(m, k));
            Tensor b = GemmTest.rounded(GemmTest.random(n, k));
            Tensor floats = DEVICE.allocate(new TensorSpec("c", DataType.FLOAT, m, n));
            gemms.bind(false, true, 1, 1, 1, Gemm.Matrix.of(a), Gemm.Matrix.of(b), false, Gemm.Matrix.of(floats)).run(m, n, k, 0, 0, 0);
            Tensor halves = DEVICE.allocate(new TensorSpec("c", DataType.BFLOAT16, m, n + 3));
            gemms.bind(false, true, m, n, k, Gemm.Matrix.of(a), Gemm.Matrix.of(b), false, Gemm.Matrix.of(halves)).run(0, 0, 2);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n + 3; j++) {
                    float expected = j < 2 || j == n + 2 ? 0 : Float.intBitsToFloat(Bfloat16.of(floats.getFloat(i * n + j - 2)) << 16);
                    assertEquals(expected, Bfloat16.get(halves.bytes(), i * (n + 3) + j), Arrays.toString(size));
                }
            }
            Reference.reachabilityFence(a);
            Reference.reachabilityFence(b);
        }
    }

    /** Rows of C that lie one behind the other, as wide as the run has them, and more of them than are widened at a time. */
    @ParameterizedTest
    @MethodSource("libraries")
    void fillsDenseRowsOfAnyWidth(GemmLibrary gemms) {
        Tensor a = GemmTest.ones(3, 1100, 0, 0);
        Tensor b = GemmTest.ones(1100, 1100, 0, 0);
        for (int n : new int[] {1100, 600, 7}) {
            Tensor c = DEVICE.allocate(new TensorSpec("c", DataType.FLOAT, 3, n + 1));
            gemms.bind(false, false, 1, 1, 1, Gemm.Matrix.of(a), Gemm.Matrix.of(b), false, Gemm.Matrix.dense(c, DataType.FLOAT)).run(3, n, 1100, 0, 0, 2);
            float[] found = c.toFloats();
            for (int i = 2; i < 2 + 3 * n; i++) {
                assertEquals(1100, found[i], n + " columns");
            }
            assertEquals(0, found[1]);
            assertEquals(0, found[2 + 3 * n]);
        }
        Reference.reachabilityFence(a);
        Reference.reachabilityFence(b);
    }

    /** A part is of whole units, and none is a single row. */
    @Test
    void partsAreAlike() {
        for (int size = 1; size < 3000; size++) {
            int part = WideningGemms.part(size, 384);
            assertTrue(part == size || part % 48 == 0 && size % part != 1, size + ": " + part);
            assertTrue(part <= 384 + 48, size + ": " + part);
        }
        assertEquals(1, WideningGemms.part(1, 384));
        assertEquals(384, WideningGemms.part(384, 384));
        assertEquals(240, WideningGemms.part(385, 384));
    }
}
