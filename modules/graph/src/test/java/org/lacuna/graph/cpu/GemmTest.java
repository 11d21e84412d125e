package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.nd4j.linalg.api.buffer.DataType;

class GemmTest {
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final int[] SIZES = {1, 2, 3, 16, 17, 65};

    /** A matrix that lies in a larger one: {@code rows} rows as they lie, each {@code stride} floats behind the last. */
    private record Matrix(Tensor memory, boolean transposed, int stride, int start) {
        static Matrix random(Random random, boolean transposed, int rows, int columns) {
            int height = transposed ? columns : rows;
            int width = transposed ? rows : columns;
            int stride = width + random.nextInt(4);
            int start = random.nextInt(5);
            Tensor t = DEVICE.allocate(new TensorSpec("m", DataType.FLOAT, start + (long) height * stride + 3));
            for (int i = 0; i < t.length(); i++) {
                t.setFloat(i, (float) random.nextGaussian());
            }
            return new Matrix(t, transposed, stride, start);
        }

        /** Where it lies, from the start of the memory. */
        Gemm.Matrix whole() {
            return Gemm.Matrix.of(memory, stride);
        }

        int index(int row, int column) {
            return start + (transposed ? column * stride + row : row * stride + column);
        }

        double get(int row, int column) {
            int at = index(row, column);
            return memory.dataType() == DataType.FLOAT ? memory.getFloat(at) : Float.intBitsToFloat(memory.bytes().getShort(at * Short.BYTES) << 16);
        }

        double[][] values(int rows, int columns) {
            double[][] values = new double[rows][columns];
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < columns; j++) {
                    values[i][j] = get(i, j);
                }
            }
            return values;
        }

        /** The same in bf16. */
        Matrix rounded() {
            Tensor t = DEVICE.allocate(new TensorSpec("m", DataType.BFLOAT16, memory.length()));
            for (int i = 0; i < t.length(); i++) {
                t.bytes().putShort(i * Short.BYTES, Bfloat16.of(memory.getFloat(i)));
            }
            return new Matrix(t, transposed, stride, start);
        }
    }

    private static List<GemmLibrary> libraries() {
        return List.of(new OneDnnGemms(), new OpenBlasGemms());
    }

    /** All that multiply bf16. */
    private static List<GemmLibrary> librariesOfBf16() {
        List<GemmLibrary> all = new ArrayList<>(ofBf16(new OneDnnGemms()));
        all.add(new WideningGemms(new OpenBlasGemms()));
        return all;
    }

    /** The library's ways to multiply bf16: widened, and, where it can, as it is. */
    static List<GemmLibrary> ofBf16(GemmLibrary onednn) {
        return OneDnnGemms.hasBf16() ? List.of(new WideningGemms(onednn), onednn) : List.of(new WideningGemms(onednn));
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void equalsTheSumInDouble(GemmLibrary gemms) {
        for (boolean ta : new boolean[] {false, true}) {
            for (boolean tb : new boolean[] {false, true}) {
                equalsTheSumInDouble(gemms, ta, tb);
            }
        }
    }

    private static void equalsTheSumInDouble(GemmLibrary gemms, boolean ta, boolean tb) {
        Random random = new Random(5);
        for (int m : SIZES) {
            for (int n : SIZES) {
                for (int k : SIZES) {
                    check(gemms, random, ta, tb, m, n, k, false);
                    check(gemms, random, ta, tb, m, n, k, true);
                }
            }
        }
    }

    /** Binds another size and no offset, so that every argument of the run counts. */
    private static void check(GemmLibrary gemms, Random random, boolean ta, boolean tb, int m, int n, int k, boolean add) {
        Matrix a = Matrix.random(random, ta, m, k);
        Matrix b = Matrix.random(random, tb, k, n);
        Matrix c = Matrix.random(random, false, m, n);
        float[] before = c.memory().toFloats();
        Gemm gemm = gemms.bind(new Gemm.Operands(ta, tb, 1, 1, 1, a.whole(), b.whole(), add, c.whole()));
        gemm.run(m, n, k, a.start(), b.start(), c.start());
        float[] after = c.memory().toFloats();
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = add ? before[c.index(i, j)] : 0;
                double magnitudes = Math.abs(sum);
                for (int l = 0; l < k; l++) {
                    double term = a.get(i, l) * b.get(l, j);
                    sum += term;
                    magnitudes += Math.abs(term);
                }
                OpCheck.assertSum(sum, after[c.index(i, j)], k + 1, magnitudes);
                before[c.index(i, j)] = after[c.index(i, j)];
            }
        }
        assertArrayEquals(before, after, "nothing outside C is written");
    }

    /** Of bf16 factors the sum is as exact as of floats; some products are larger than the blocks that are widened, each way and each two. */
    @ParameterizedTest
    @MethodSource("librariesOfBf16")
    void sumsProductsOfBf16(GemmLibrary gemms) {
        Random random = new Random(8);
        for (int[] size : new int[][] {{1, 1, 1}, {1, 17, 3}, {3, 1, 17}, {17, 3, 1}, {33, 65, 129}, {64, 48, 200}, {530, 20, 10}, {9, 1030, 5}, {7, 6, 1030},
                {530, 520, 1}, {530, 3, 1030}, {3, 1030, 1030}}) {
            for (int lies = 0; lies < 8; lies++) {
                Matrix a = Matrix.random(random, (lies & 1) != 0, size[0], size[2]).rounded();
                Matrix b = Matrix.random(random, (lies & 2) != 0, size[2], size[1]).rounded();
                Matrix c = Matrix.random(random, false, size[0], size[1]);
                boolean add = (lies & 4) != 0;
                float[] before = c.memory().toFloats();
                gemms.bind(a.transposed(), b.transposed(), size[0], size[1], size[2], a.whole(), b.whole(), add, c.whole())
                        .run(a.start(), b.start(), c.start());
                float[] after = c.memory().toFloats();
                double[][] left = a.values(size[0], size[2]);
                double[][] right = b.values(size[2], size[1]);
                for (int i = 0; i < size[0]; i++) {
                    for (int j = 0; j < size[1]; j++) {
                        double sum = add ? before[c.index(i, j)] : 0;
                        double magnitudes = Math.abs(sum);
                        for (int l = 0; l < size[2]; l++) {
                            double term = left[i][l] * right[l][j];
                            sum += term;
                            magnitudes += Math.abs(term);
                        }
                        OpCheck.assertSum(sum, after[c.index(i, j)], size[2] + 1, magnitudes);
                        before[c.index(i, j)] = after[c.index(i, j)];
                    }
                }
                assertArrayEquals(before, after, "nothing outside C is written");
            }
        }
    }

    /** Of rows that lie one behind the other, and of some that don't if zeros follow each, as attention has them. */
    @ParameterizedTest
    @MethodSource("librariesOfBf16")
    void readsNothingElseOfBf16(GemmLibrary gemms) {
        for (int lies = 0; lies < 4; lies++) {
            for (int k : new int[] {4, 16, 31, 40, 100, 688}) {
                for (int m : new int[] {2, 17, 300}) {
                    readsNothingElse(gemms, (lies & 1) != 0, (lies & 2) != 0, m, 65, k, 0);
                    readsNothingElse(gemms, false, (lies & 2) != 0, m, 65, k, 32 - (k - 1) % 32 - 1);
                }
            }
        }
    }

    /** Ones in matrices that NaN follows; each row of A, {@code zeros} zeros. */
    private static void readsNothingElse(GemmLibrary gemms, boolean ta, boolean tb, int m, int n, int k, int zeros) {
        Tensor a = ones(ta ? k : m, ta ? m : k, zeros + (zeros == 0 ? 0 : 3), zeros);
        Tensor b = ones(tb ? n : k, tb ? k : n, 0, 0);
        Tensor c = DEVICE.allocate(new TensorSpec("c", DataType.FLOAT, m, n));
        gemms.bind(ta, tb, m, n, k, Gemm.Matrix.of(a), Gemm.Matrix.of(b), false, Gemm.Matrix.of(c)).run();
        for (float v : c.toFloats()) {
            assertEquals(k, v, () -> m + " × " + n + " × " + k + (ta ? " a transposed" : "") + (tb ? " b transposed" : "") + ", " + zeros + " zeros");
        }
        Reference.reachabilityFence(a);
        Reference.reachabilityFence(b);
    }

    static Tensor ones(int rows, int columns, int apart, int zeros) {
        Tensor t = DEVICE.allocate(new TensorSpec("t", DataType.BFLOAT16, rows + 2, columns + apart));
        for (int i = 0; i < t.length(); i++) {
            int column = i % (columns + apart);
            float v = i >= rows * (columns + apart) || column >= columns + zeros ? Float.NaN : column < columns ? 1 : 0;
            t.bytes().putShort(i * Short.BYTES, Bfloat16.of(v));
        }
        return t;
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void overwritesNaN(GemmLibrary gemms) {
        for (int[] size : new int[][] {{1, 1, 1}, {1, 17, 5}, {17, 1, 5}, {16, 16, 16}, {33, 65, 129}, {200, 300, 2}}) {
            Tensor a = DEVICE.allocate(new TensorSpec("a", DataType.FLOAT, size[0], size[2]));
            Tensor b = DEVICE.allocate(new TensorSpec("b", DataType.FLOAT, size[2], size[1]));
            Tensor c = DEVICE.allocate(new TensorSpec("c", DataType.FLOAT, size[0], size[1]));
            for (int i = 0; i < c.length(); i++) {
                c.setFloat(i, Float.NaN);
            }
            gemms.bind(false, false, size[0], size[1], size[2], Gemm.Matrix.of(a), Gemm.Matrix.of(b), false, Gemm.Matrix.of(c)).run();
            for (float v : c.toFloats()) {
                assertEquals(0f, v, Arrays.toString(size));
            }
        }
    }

    /** Of dense factors, as linear layers have them. */
    @ParameterizedTest
    @MethodSource("libraries")
    void aRowsBitsDoNotDependOnTheOthers(GemmLibrary gemms) {
        aRowsBitsDoNotDependOnTheOthers(gemms, gemms instanceof OpenBlasGemms, DataType.FLOAT);
    }

    @ParameterizedTest
    @MethodSource("librariesOfBf16")
    void aRowsBitsDoNotDependOnTheOthersInBf16(GemmLibrary gemms) {
        aRowsBitsDoNotDependOnTheOthers(gemms, gemms.description().startsWith("OpenBLAS"), DataType.BFLOAT16);
    }

    private static void aRowsBitsDoNotDependOnTheOthers(GemmLibrary gemms, boolean openblas, DataType type) {
        int rows = gemms.rowsAlike();
        for (int[] size : new int[][] {{688, 256}, {256, 688}, {40, 24}, {1, 352}, {97, 33}, {257, 128}, {1100, 32}, {70, 1120}}) {
            int n = size[0];
            int k = size[1];
            if (openblas && rows * n * k <= OpenBlasGemms.SMALL || type == DataType.BFLOAT16 && k % Gemm.READ_BF16 != 0) {
                continue; // as OpenBlasGemms and Device say
            }
            Tensor b = in(type, random(n, k));
            for (boolean tb : new boolean[] {false, true}) {
                float[] few = repeated(gemms, in(type, random(rows, k)), b, tb, n, 1);
                for (int times : new int[] {3, 13, 64}) {
                    float[] many = repeated(gemms, in(type, random(rows, k)), b, tb, n, times);
                    for (int i = 0; i < many.length; i++) {
                        assertEquals(few[i % few.length], many[i], Arrays.toString(size) + " × " + times);
                    }
                }
            }
        }
    }

    /** A panel is some rows of op(A), dense as it lies. */
    @ParameterizedTest
    @MethodSource("libraries")
    void panelsHaveTheBitsOfTheWhole(GemmLibrary gemms) {
        panelsHaveTheBitsOfTheWhole(gemms, DataType.FLOAT);
    }

    @ParameterizedTest
    @MethodSource("librariesOfBf16")
    void panelsHaveTheBitsOfTheWholeInBf16(GemmLibrary gemms) {
        panelsHaveTheBitsOfTheWhole(gemms, DataType.BFLOAT16);
    }

    private static void panelsHaveTheBitsOfTheWhole(GemmLibrary gemms, DataType type) {
        Random random = new Random(9);
        for (int i = 0; i < 120; i++) {
            int m = 17 + random.nextInt(i % 5 == 0 ? 1200 : 300);
            int n = 1 + random.nextInt(i % 3 == 0 ? 40 : 300);
            int k = i % 4 == 0 ? 32 * (1 + random.nextInt(19)) : 1 + random.nextInt(i % 2 == 0 ? 40 : 600);
            boolean ta = random.nextBoolean();
            boolean tb = !ta && random.nextBoolean();
            Tensor a = random(ta ? k : m, ta ? m : k);
            Tensor b = random(tb ? n : k, tb ? k : n);
            panelsHaveTheBitsOfTheWhole(gemms, ta, tb, in(type, a), in(type, b), 2 + random.nextInt(4));
        }
    }

    private static void panelsHaveTheBitsOfTheWhole(GemmLibrary gemms, boolean ta, boolean tb, Tensor a, Tensor b, int panels) {
        int m = a.spec().size(ta ? 1 : 0);
        int k = a.spec().size(ta ? 0 : 1);
        int n = b.spec().size(tb ? 0 : 1);
        Tensor whole = DEVICE.allocate(new TensorSpec("whole", DataType.FLOAT, m, n));
        gemms.bind(ta, tb, m, n, k, Gemm.Matrix.of(a), Gemm.Matrix.of(b), false, Gemm.Matrix.of(whole)).run();
        Tensor parts = DEVICE.allocate(new TensorSpec("parts", DataType.FLOAT, m, n));
        int height = gemms.panelHeight(ta, a.dataType(), DataType.FLOAT, m, k, panels);
        for (int from = 0; from < m; from += height) {
            int rows = Math.min(height, m - from);
            Tensor panel = DEVICE.allocate(new TensorSpec("panel", a.dataType(), ta ? k : rows, ta ? rows : k));
            HeadRows.gather(a, ta ? from : from * k, ta ? k : rows, panel);
            Gemm.Matrix into = Gemm.Matrix.of(parts.view("into", (long) from * n, rows, n));
            gemms.bind(ta, tb, rows, n, k, Gemm.Matrix.of(panel), Gemm.Matrix.of(b), false, into).run();
            Reference.reachabilityFence(panel);
        }
        assertArrayEquals(whole.toFloats(), parts.toFloats(), m + " × " + n + " × " + k + (ta ? " a transposed" : "") + (tb ? " b transposed" : ""));
        Reference.reachabilityFence(b);
    }

    private static Tensor in(DataType type, Tensor floats) {
        return type == DataType.FLOAT ? floats : rounded(floats);
    }

    static Tensor rounded(Tensor floats) {
        Tensor t = DEVICE.allocate(new TensorSpec("t", DataType.BFLOAT16, floats.shape()));
        Bfloat16.round(floats.bytes(), 0, t.bytes(), 0, Math.toIntExact(t.length()));
        return t;
    }

    static Tensor random(int rows, int columns) {
        Random random = new Random(7);
        Tensor t = DEVICE.allocate(new TensorSpec("t", DataType.FLOAT, rows, columns));
        for (int i = 0; i < t.length(); i++) {
            t.setFloat(i, (float) random.nextGaussian());
        }
        return t;
    }

    /** A, so many times below itself, by B. */
    private static float[] repeated(GemmLibrary gemms, Tensor a, Tensor b, boolean tb, int n, int times) {
        int m = a.spec().size(0);
        int k = a.spec().size(1);
        Tensor tall = DEVICE.allocate(new TensorSpec("tall", a.dataType(), (long) times * m, k));
        for (int i = 0; i < times; i++) {
            tall.bytes().put(i * a.bytes().capacity(), a.bytes(), 0, a.bytes().capacity());
        }
        Tensor c = DEVICE.allocate(new TensorSpec("c", DataType.FLOAT, (long) times * m, n));
        gemms.bind(false, tb, times * m, n, k, Gemm.Matrix.of(tall), Gemm.Matrix.of(b, tb ? k : n), false, Gemm.Matrix.of(c)).run();
        Reference.reachabilityFence(tall);
        Reference.reachabilityFence(b);
        return c.toFloats();
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void threadsSideBySideGetTheSameBits(GemmLibrary gemms) throws Exception {
        Random random = new Random(6);
        threadsSideBySideGetTheSameBits(gemms, Matrix.random(random, false, 130, 259), Matrix.random(random, true, 259, 67));
    }

    @ParameterizedTest
    @MethodSource("librariesOfBf16")
    void threadsSideBySideGetTheSameBitsInBf16(GemmLibrary gemms) throws Exception {
        Random random = new Random(6);
        threadsSideBySideGetTheSameBits(gemms, Matrix.random(random, false, 130, 259).rounded(), Matrix.random(random, true, 259, 67).rounded());
    }

    private static void threadsSideBySideGetTheSameBits(GemmLibrary gemms, Matrix a, Matrix b) throws Exception {
        int m = 130;
        int n = 67;
        int k = 259;
        float[] alone = product(gemms, a, b, m, n, k, 1);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<float[]>> results = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                results.add(threads.submit(() -> product(gemms, a, b, m, n, k, 200)));
            }
            for (Future<float[]> result : results) {
                assertArrayEquals(alone, result.get());
            }
        } finally {
            threads.shutdown();
        }
    }

    private static float[] product(GemmLibrary gemms, Matrix a, Matrix b, int m, int n, int k, int times) {
        Tensor c = DEVICE.allocate(new TensorSpec("c", DataType.FLOAT, m, n));
        Gemm gemm = gemms.bind(false, true, m, n, k, a.whole(), b.whole(), false, Gemm.Matrix.of(c));
        gemm.run(a.start(), b.start(), 0);
        float[] first = c.toFloats();
        for (int i = 1; i < times; i++) {
            gemm.run(a.start(), b.start(), 0);
            assertArrayEquals(first, c.toFloats());
        }
        return first;
    }

    @ParameterizedTest
    @MethodSource("librariesOfBf16")
    void allocatesNothingInBf16(GemmLibrary gemms) {
        Tensor a = rounded(random(40, 37));
        for (DataType sums : List.of(DataType.FLOAT, DataType.BFLOAT16)) {
            Tensor c = DEVICE.allocate(new TensorSpec("c", sums, 40, 40));
            Gemm gemm = gemms.bind(false, true, 40, 40, 37, Gemm.Matrix.of(a), Gemm.Matrix.of(a), false, Gemm.Matrix.of(c));
            Allocations.assertNone("gemm", () -> gemm.run(30, 33, 36, 37, 0, 1));
        }
        Reference.reachabilityFence(a);
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void allocatesNothing(GemmLibrary gemms) {
        Tensor a = DEVICE.allocate(new TensorSpec("a", DataType.FLOAT, 3, 17));
        Tensor c = DEVICE.allocate(new TensorSpec("c", DataType.FLOAT, 3, 3));
        Gemm gemm = gemms.bind(false, true, 3, 3, 17, Gemm.Matrix.of(a), Gemm.Matrix.of(a), false, Gemm.Matrix.of(c));
        Allocations.assertNone("gemm", () -> gemm.run(2, 1, 4, 17, 3, 0));
        assertArrayEquals(new float[9], c.toFloats());
        Reference.reachabilityFence(a);
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void overlappingRowsAreRefused(GemmLibrary gemms) {
        Gemm.Matrix three = new Gemm.Matrix(64, DataType.FLOAT, 3);
        Gemm.Matrix four = new Gemm.Matrix(64, DataType.FLOAT, 4);
        Gemm.Matrix two = new Gemm.Matrix(64, DataType.FLOAT, 2);
        assertThrows(IllegalArgumentException.class, () -> gemms.bind(false, false, 2, 3, 4, three, three, false, three));
        assertThrows(IllegalArgumentException.class, () -> gemms.bind(false, true, 2, 3, 4, four, three, false, three));
        assertThrows(IllegalArgumentException.class, () -> gemms.bind(false, false, 2, 3, 4, four, three, false, two));
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void typesThatDoNotFitAreRefused(GemmLibrary gemms) {
        Gemm.Matrix floats = new Gemm.Matrix(64, DataType.FLOAT, 4);
        Gemm.Matrix halves = new Gemm.Matrix(64, DataType.BFLOAT16, 4);
        assertThrows(IllegalArgumentException.class, () -> gemms.bind(false, false, 2, 3, 4, floats, halves, false, floats));
        assertThrows(IllegalArgumentException.class, () -> gemms.bind(false, false, 2, 3, 4, halves, halves, true, halves));
    }
}
