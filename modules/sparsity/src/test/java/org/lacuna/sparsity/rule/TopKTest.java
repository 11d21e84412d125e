package org.lacuna.sparsity.rule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TopKTest {
    private final Rule topK = Rules.byName("top_k");

    /** By sorting indices. */
    private static long[] naive(float[] row, double fraction) {
        int wanted = (int) Math.floor(row.length * fraction + 1e-9);
        long[] kept = new long[(row.length + 63) / 64];
        IntStream.range(0, row.length).boxed().sorted((a, b) -> {
            int order = Float.compare(Math.abs(row[b]), Math.abs(row[a]));
            return order != 0 ? order : a - b;
        }).limit(wanted).filter(i -> row[i] != 0).forEach(i -> kept[i >> 6] |= 1L << i);
        return kept;
    }

    @ParameterizedTest
    @EnumSource
    void keepsWhatTheDefinitionKeeps(TopPTest.Kind kind) {
        SplittableRandom random = new SplittableRandom(kind.ordinal());
        for (int n : new int[] {1, 2, 3, 17, 63, 64, 65, 352, 688}) {
            for (int repeat = 0; repeat < 6; repeat++) {
                float[] row = kind.row(random, n);
                for (double fraction : new double[] {0, 1e-3, 0.1, 1.0 / 3, 0.5, 0.7, 0.95, 0.999, 1, random.nextDouble()}) {
                    long[] kept = new long[(n + 63) / 64];
                    Arrays.fill(kept, -1);
                    int count = topK.keep(row, n, new double[] {7, fraction}, 1, kept, new RowScratch(n));
                    assertArrayEquals(naive(row, fraction), kept, kind + ", n = " + n + ", fraction " + fraction);
                    assertEquals(IntStream.range(0, kept.length).map(i -> Long.bitCount(kept[i])).sum(), count);
                }
            }
        }
    }

    @Test
    void aTenthOfTenIsOne() {
        float[] row = {0, 0, -3, 0, 0, 2, 0, 0, 0, 0};
        long[] kept = new long[1];
        assertEquals(1, topK.keep(row, 10, new double[] {0.1}, 0, kept, new RowScratch(10)));
        assertEquals(0b100, kept[0]);
        assertEquals(2, topK.keep(row, 10, new double[] {0.3 - 0.1}, 0, kept, new RowScratch(10)));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1.1, Double.NaN})
    void otherFractionsAreRefused(double fraction) {
        assertThrows(IllegalArgumentException.class, () -> topK.keep(new float[] {1}, 1, new double[] {fraction}, 0, new long[1], new RowScratch(1)));
    }

    @Test
    void noNumberIsNamed() {
        NonFiniteException e = assertThrows(NonFiniteException.class,
                () -> topK.keep(new float[] {1, Float.NaN}, 2, new double[] {0.5}, 0, new long[1], new RowScratch(2)));
        assertEquals(1, e.index());
    }
}
