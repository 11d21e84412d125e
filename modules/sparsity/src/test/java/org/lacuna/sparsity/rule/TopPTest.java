package org.lacuna.sparsity.rule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TopPTest {
    private static final double[] SHARES = {
        0, Double.MIN_VALUE, 1e-30, 0.001, 0.1, 0.25, 1.0 / 3, 0.5, 0.7, 0.9, 0.95, 0.99, 0.999, 1 - 0x1p-24, 1 - 0x1p-53, 1, 1.5,
        Double.POSITIVE_INFINITY};

    private final Rule topP = Rules.byName("top_p");

    /** Kinds of rows, each drawn so that another part of the selection decides. */
    enum Kind {
        NORMAL {
            @Override
            float draw(SplittableRandom random) {
                return (float) gaussian(random);
            }
        },
        /** Few distinct values: ties at nearly every edge. */
        TIES {
            @Override
            float draw(SplittableRandom random) {
                return (random.nextInt(7) - 3) * 0.1f;
            }
        },
        /** Two values only one unit in the last place apart, many of each. */
        NEIGHBOURS {
            @Override
            float draw(SplittableRandom random) {
                return random.nextBoolean() ? 0.7f : Math.nextUp(0.7f);
            }
        },
        MOSTLY_ZERO {
            @Override
            float draw(SplittableRandom random) {
                return random.nextInt(10) > 0 ? (random.nextBoolean() ? 0f : -0f) : (float) gaussian(random);
            }
        },
        DENORMAL {
            @Override
            float draw(SplittableRandom random) {
                return Float.intBitsToFloat(random.nextInt(1 << 24));
            }
        },
        /** The whole range of floats: most entries are far too small to be summed exactly. */
        ANY_BITS {
            @Override
            float draw(SplittableRandom random) {
                float value = Float.intBitsToFloat(random.nextInt());
                return Float.isFinite(value) ? value : 1;
            }
        },
        /** Nearly equal exponents around the largest float. */
        HUGE {
            @Override
            float draw(SplittableRandom random) {
                return Float.MAX_VALUE * (float) random.nextDouble();
            }
        },
        /** A rare outlier over a sea of values 2^30 times smaller, whose sum rounds and decides. */
        OUTLIERS {
            @Override
            float draw(SplittableRandom random) {
                return (float) gaussian(random) * (random.nextInt(50) == 0 ? 0x1p30f : 1);
            }
        },
        /** Magnitudes fall off by powers of two down to 2^-60, so that exact and rounded sums meet in mid-row. */
        GEOMETRIC {
            @Override
            float draw(SplittableRandom random) {
                return (float) ((1 + random.nextDouble()) * Math.pow(2, -random.nextInt(60)));
            }
        },
        BFLOAT16 {
            @Override
            float draw(SplittableRandom random) {
                return Float.intBitsToFloat(Float.floatToRawIntBits((float) gaussian(random)) & 0xffff0000);
            }
        };

        abstract float draw(SplittableRandom random);

        float[] row(SplittableRandom random, int n) {
            float[] row = new float[n];
            for (int i = 0; i < n; i++) {
                row[i] = draw(random);
            }
            return row;
        }
    }

    private static double gaussian(SplittableRandom random) {
        return Math.sqrt(-2 * Math.log(1 - random.nextDouble())) * Math.cos(2 * Math.PI * random.nextDouble());
    }

    @ParameterizedTest
    @EnumSource
    void keepsWhatTheDefinitionKeeps(Kind kind) {
        SplittableRandom random = new SplittableRandom(kind.ordinal());
        for (int n : new int[] {1, 2, 3, 17, 63, 64, 65, 352, 688}) {
            for (int repeat = 0; repeat < 12; repeat++) {
                assertAgrees(kind.row(random, n), random);
            }
        }
        assertAgrees(kind.row(random, 4096), random);
    }

    @ParameterizedTest
    @ValueSource(floats = {0.3f, -0.1f, 1f, 1e-45f, 3.4028235e38f, 1.1754944e-38f})
    void constantRowsKeepTheFirst(float value) {
        for (int n : new int[] {1, 3, 10, 17, 352, 4096}) {
            float[] row = new float[n];
            Arrays.fill(row, value);
            assertAgrees(row, new SplittableRandom(n));
            BitSet kept = keep(row, 0.5);
            assertEquals((n + 1) / 2, kept.cardinality());
            assertEquals((n + 1) / 2, kept.length(), "the first ones by index");
        }
    }

    @Test
    void permutingDistinctEntriesPermutesTheMask() {
        SplittableRandom random = new SplittableRandom(5);
        for (int repeat = 0; repeat < 50; repeat++) {
            int[] keys = IntStream.generate(() -> random.nextInt(0x7f800000)).distinct().limit(200).toArray();
            float[] row = new float[200];
            float[] reversed = new float[200];
            for (int i = 0; i < 200; i++) {
                row[i] = Float.intBitsToFloat(keys[i]);
                reversed[199 - i] = -row[i];
            }
            BitSet kept = keep(row, 0.9);
            BitSet keptReversed = keep(reversed, 0.9);
            for (int i = 0; i < 200; i++) {
                assertEquals(kept.get(i), keptReversed.get(199 - i));
            }
        }
    }

    @Test
    void overwritesWholeWordsAndNothingBeyond() {
        long[] kept = {-1, -1, -1};
        assertEquals(0, topP.keep(new float[70], 70, new double[] {1}, 0, kept, new RowScratch(70)));
        assertArrayEquals(new long[] {0, 0, -1}, kept);
        float[] row = new float[70];
        row[69] = 1;
        kept = new long[] {-1, -1, -1};
        assertEquals(1, topP.keep(row, 70, new double[] {7, 0.5}, 1, kept, new RowScratch(100)));
        assertArrayEquals(new long[] {0, 1L << 5, -1}, kept);
    }

    @Test
    void aShorterRowIgnoresWhatFollowsIt() {
        float[] values = {1, 2, Float.NaN};
        long[] kept = new long[1];
        assertEquals(1, topP.keep(values, 2, new double[] {0.5}, 0, kept, new RowScratch(2)));
        assertEquals(2, kept[0]);
        assertEquals(0, topP.keep(values, 0, new double[] {0.5}, 0, kept, new RowScratch(2)));
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void aValueThatIsNotFiniteIsNamed(float bad) {
        float[] row = {1, 0, bad, 2, bad};
        for (Rule rule : Rules.all()) {
            NonFiniteException e = assertThrows(NonFiniteException.class,
                    () -> rule.keep(row, 5, new double[] {0.5}, 0, new long[1], new RowScratch(5)));
            assertEquals(2, e.index());
        }
        assertEquals(2, assertThrows(NonFiniteException.class, () -> new RowOrder(5).order(row, 5)).index());
    }

    @Test
    void refusesWhatIsNoShareAndRowsThatDoNotFit() {
        RowOrder order = new RowOrder(2);
        order.order(new float[] {1, 2}, 2);
        for (double p : new double[] {-0.1, Double.NaN, Double.NEGATIVE_INFINITY}) {
            assertThrows(IllegalArgumentException.class,
                    () -> topP.keep(new float[2], 2, new double[] {p}, 0, new long[1], new RowScratch(2)));
            assertThrows(IllegalArgumentException.class, () -> order.kept(p));
        }
        for (Rule rule : Rules.all()) {
            assertThrows(IllegalArgumentException.class,
                    () -> rule.keep(new float[3], 3, new double[] {0.5}, 0, new long[1], new RowScratch(2)));
        }
        assertThrows(IllegalArgumentException.class, () -> order.order(new float[3], 3));
        assertThrows(IllegalArgumentException.class, () -> new RowScratch(0));
        assertThrows(IllegalArgumentException.class, () -> new RowOrder(0));
    }

    private BitSet keep(float[] row, double p) {
        long[] kept = new long[(row.length + 63) / 64];
        topP.keep(row, row.length, new double[] {p}, 0, kept, new RowScratch(row.length));
        return BitSet.valueOf(kept);
    }

    /** Rule and ordered row against the definition, for fixed shares and for shares that fall on a running sum or just beside it. */
    private void assertAgrees(float[] row, SplittableRandom random) {
        float[] before = row.clone();
        int n = row.length;
        RowScratch scratch = new RowScratch(n);
        RowOrder order = new RowOrder(n);
        order.order(row, n);
        double[] shares = Arrays.copyOf(SHARES, SHARES.length + 9);
        for (int i = 0; i < 3; i++) {
            double share = shareOnARunningSum(row, random.nextInt(n + 1));
            shares[SHARES.length + 3 * i] = share;
            shares[SHARES.length + 3 * i + 1] = Math.nextUp(share);
            shares[SHARES.length + 3 * i + 2] = Math.max(0, Math.nextDown(share));
        }
        for (double p : shares) {
            boolean[] expected = NaiveTopP.kept(row, p);
            BitSet bits = new BitSet();
            for (int i = 0; i < n; i++) {
                bits.set(i, expected[i]);
            }
            long[] kept = new long[(n + 63) / 64];
            Arrays.fill(kept, -1);
            assertEquals(bits.cardinality(), topP.keep(row, n, new double[] {p}, 0, kept, scratch), () -> "p = " + p + ", n = " + n);
            assertEquals(bits, BitSet.valueOf(kept), () -> "p = " + p + ", n = " + n);
            Arrays.fill(kept, -1);
            assertEquals(bits.cardinality(), order.kept(p));
            assertEquals(bits.cardinality(), order.keep(p, kept));
            assertEquals(bits, BitSet.valueOf(kept));
        }
        assertArrayEquals(before, row, "the row is not modified");
    }

    private static double shareOnARunningSum(float[] row, int k) {
        double[] falling = new double[row.length];
        for (int i = 0; i < row.length; i++) {
            falling[i] = -Math.abs((double) row[i]);
        }
        Arrays.sort(falling);
        double total = 0;
        double part = 0;
        for (int i = 0; i < row.length; i++) {
            part = i == k ? total : part;
            total -= falling[i];
        }
        return total == 0 ? 0.5 : (k == row.length ? total : part) / total;
    }
}
