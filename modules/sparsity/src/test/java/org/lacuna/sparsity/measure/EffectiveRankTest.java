package org.lacuna.sparsity.measure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.sparsity.rule.NonFiniteException;

class EffectiveRankTest {
    @Test
    void eigenvaluesByHand() {
        assertArrayEquals(new double[] {7}, SymmetricEigenvalues.of(new double[] {7}, 1));
        // (2 − λ)² = 1, below the diagonal nothing is read; then 0s on the diagonal, and a matrix of zeros.
        assertArrayEquals(new double[] {3, 1}, SymmetricEigenvalues.of(new double[] {2, 1, Double.NaN, 2}, 2), 1e-15);
        assertArrayEquals(new double[] {5, -5}, SymmetricEigenvalues.of(new double[] {0, 5, 5, 0}, 2), 1e-14);
        assertArrayEquals(new double[3], SymmetricEigenvalues.of(new double[9], 3));
    }

    /** Tridiagonal −1, 2, −1: 2 − 2 cos(kπ/(n + 1)). */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 10, 101})
    void eigenvaluesOfAChain(int n) {
        double[] a = new double[n * n];
        for (int i = 0; i < n; i++) {
            a[i * n + i] = 2;
            if (i + 1 < n) {
                a[i * n + i + 1] = -1;
            }
        }
        double[] expected = IntStream.range(0, n).mapToDouble(k -> 2 - 2 * Math.cos((n - k) * Math.PI / (n + 1))).toArray();
        assertArrayEquals(expected, SymmetricEigenvalues.of(a, n), 1e-13);
    }

    /** A matrix made of known eigenvalues, of both signs and repeated, by random reflections. */
    @ParameterizedTest
    @ValueSource(ints = {5, 40, 130})
    void eigenvaluesOfReflections(int n) {
        SplittableRandom random = new SplittableRandom(n);
        double[] expected = IntStream.range(0, n).mapToDouble(i -> (i / 2) - n / 8.0).map(v -> -v).sorted().map(v -> -v).toArray();
        double[] a = new double[n * n];
        for (int i = 0; i < n; i++) {
            a[i * n + i] = expected[(i * 3 + 1) % n];
        }
        boolean permutes = IntStream.range(0, n).map(i -> (i * 3 + 1) % n).distinct().count() == n;
        assertTrue(permutes);
        for (int repeat = 0; repeat < 3; repeat++) {
            double[] v = IntStream.range(0, n).mapToDouble(i -> Rows.gaussian(random)).toArray();
            double squares = Arrays.stream(v).map(x -> x * x).sum();
            reflect(a, n, v, squares, n, 1);
            reflect(a, n, v, squares, 1, n);
        }
        assertArrayEquals(expected, SymmetricEigenvalues.of(a, n), 1e-12 * n);
    }

    /** Rows, or columns, minus 2 v (vᵀ ·) / vᵀv. */
    private static void reflect(double[] a, int n, double[] v, double squares, int line, int step) {
        for (int l = 0; l < n; l++) {
            double dot = 0;
            for (int i = 0; i < n; i++) {
                dot += v[i] * a[l * line + i * step];
            }
            for (int i = 0; i < n; i++) {
                a[l * line + i * step] -= 2 * dot / squares * v[i];
            }
        }
    }

    @Test
    void multiplesOfOneVectorHaveOne() {
        // 2 · and −0.5 · are exact, so that the matrix has rank 1 to the last bit.
        float[] row = Rows.normal(new SplittableRandom(1), 50);
        float[][] tokens = new float[7][50];
        float[] scales = {1, 2, -0.5f, 0, 4, 1, -1};
        for (int t = 0; t < 7; t++) {
            for (int j = 0; j < 50; j++) {
                tokens[t][j] = scales[t] * row[j];
            }
        }
        EffectiveRank found = EffectiveRank.of(tokens);
        assertEquals(1, found.value(), 1e-12);
        assertEquals(new EffectiveRank(found.value(), 1, 7, 50), found);
    }

    @ParameterizedTest
    @CsvSource({"6, 6", "6, 20", "20, 6"})
    void orthogonalVectorsOfEqualLengthHaveTheirNumber(int tokens, int width) {
        float[][] rows = new float[tokens][width];
        for (int i = 0; i < Math.min(tokens, width); i++) {
            rows[i][width - 1 - i] = i % 2 == 0 ? 0.3f : -0.3f;
        }
        EffectiveRank found = EffectiveRank.of(rows);
        assertEquals(6, found.value(), 1e-12);
        assertEquals(6, found.rank());
    }

    /** Lengths 3 and 1: p = 3/4, 1/4, and exp(H) = 4 / 3^(3/4). */
    @Test
    void twoVectorsByHand() {
        assertEquals(4 / Math.pow(3, 0.75), EffectiveRank.of(new float[][] {{0, 3, 0}, {1, 0, 0}}).value(), 1e-12);
        // (1, 1) and (1, −1) over √2 are the same turned by 45°: rows (3 + 1, 3 − 1) / √2 up to scale.
        assertEquals(4 / Math.pow(3, 0.75), EffectiveRank.of(new float[][] {{3, 3}, {1, -1}}).value(), 1e-12);
    }

    /** H diag(s) H with Hadamard's matrix of 16, whole numbers: its rows are orthogonal and of equal length, so the singular values are 16 s. */
    @Test
    void knownSingularValuesTurnedOnBothSides() {
        int[] s = {9, 0, 7, 7, 1, 0, 30, 2, 4, 4, 4, 0, 1, 12, 5, 6};
        float[][] rows = new float[16][16];
        for (int i = 0; i < 16; i++) {
            for (int j = 0; j < 16; j++) {
                for (int k = 0; k < 16; k++) {
                    rows[i][j] += (Integer.bitCount(i & k) + Integer.bitCount(k & j)) % 2 == 0 ? s[k] : -s[k];
                }
            }
        }
        double sum = Arrays.stream(s).sum();
        double entropy = Arrays.stream(s).filter(v -> v > 0).mapToDouble(v -> -v / sum * Math.log(v / sum)).sum();
        EffectiveRank found = EffectiveRank.of(rows);
        assertEquals(Math.exp(entropy), found.value(), 1e-11);
        assertEquals(13, found.rank());
    }

    @Test
    void neitherScaleNorOrderNorTransposingMatters() {
        SplittableRandom random = new SplittableRandom(2);
        float[][] rows = new float[30][];
        for (int t = 0; t < 30; t++) {
            rows[t] = Rows.sparse(random, 45);
        }
        float[][] transposed = new float[45][30];
        float[][] other = new float[30][45];
        for (int t = 0; t < 30; t++) {
            for (int j = 0; j < 45; j++) {
                transposed[j][t] = rows[t][j];
                other[29 - t][(j * 7) % 45] = rows[t][j] * -0x1p90f;
            }
        }
        double expected = EffectiveRank.of(rows).value();
        assertTrue(expected > 15 && expected < 30);
        assertEquals(expected, EffectiveRank.of(transposed).value(), 1e-11);
        assertEquals(expected, EffectiveRank.of(other).value(), 1e-11);
    }

    @Test
    void whatIsRefused() {
        assertEquals(Double.NaN, EffectiveRank.of(new float[3][5]).value());
        assertEquals(0, EffectiveRank.of(new float[3][5]).rank());
        assertThrows(IllegalArgumentException.class, () -> EffectiveRank.of(new float[0][]));
        assertThrows(IllegalArgumentException.class, () -> EffectiveRank.of(new float[2][0]));
        assertThrows(IllegalArgumentException.class, () -> EffectiveRank.of(new float[][] {{1}, {1, 2}}));
        assertThrows(NonFiniteException.class, () -> EffectiveRank.of(new float[][] {{1, Float.NaN}}));
        assertThrows(IllegalArgumentException.class, () -> EffectiveRank.of(new float[EffectiveRank.MOST + 1][EffectiveRank.MOST + 1]));
        assertEquals(1, EffectiveRank.of(new float[][] {new float[] {1}, new float[] {2}}).value(), 1e-12);
    }
}
