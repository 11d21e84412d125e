package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.AttentionMask;
import org.lacuna.graph.op.CachedAttention;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.LacunaOps;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class CachedAttentionTest {
    private static final int BATCH = 2;
    /** What stands in rows that nobody filled; a sum that it got into would show. */
    private static final float RUBBISH = 1e30f;

    /**
     * past and tokens of a cache of capacity rows; window 0: causal. Up to 7 tokens go one after the other, by tiles of 256 and 64 rows of
     * the cache; more go in blocks of 64, whose keys are rounded up to a multiple of 64.
     */
    private record Case(int past, int tokens, int capacity, int heads, int kvHeads, int headSize, int window) {
        AttentionMask mask() {
            return window > 0 ? AttentionMask.slidingWindow(window) : AttentionMask.causal();
        }

        double scale() {
            return 1 / Math.sqrt(headSize);
        }

        int length() {
            return past + tokens;
        }

        OpCheck.Build build() {
            return (sd, in) -> CachedAttention.of(sd, "y", in[0], in[1], in[2], in[3], in[4], in[5], heads, kvHeads, mask(), scale());
        }

        OpCheck.Input whole(Random random, int rowHeads) {
            return OpCheck.normal(random, 1.5, true, BATCH, length(), (long) rowHeads * headSize);
        }

        OpCheck.Input fresh(OpCheck.Input whole) {
            return rows(whole, past, length(), tokens);
        }

        OpCheck.Input cache(OpCheck.Input whole) {
            return rows(whole, 0, past, capacity);
        }

        /** The cache after the tokens. */
        double[] filled(OpCheck.Input whole) {
            return rows(whole, 0, length(), capacity).values();
        }

        /** Rows from to to of each sequence as the first of {@code height} rows. */
        private OpCheck.Input rows(OpCheck.Input whole, int from, int to, int height) {
            int width = (int) whole.shape()[2];
            double[] values = new double[BATCH * height * width];
            Arrays.fill(values, RUBBISH);
            for (int b = 0; b < BATCH; b++) {
                System.arraycopy(whole.values(), (b * length() + from) * width, values, b * height * width, (to - from) * width);
            }
            return OpCheck.floats(values, false, BATCH, height, width);
        }

        OpCheck.Input filledRows() {
            return OpCheck.ints(new int[] {past}, 1);
        }

        OpCheck.Input[] inputs(OpCheck.Input q, OpCheck.Input k, OpCheck.Input v) {
            return new OpCheck.Input[] {fresh(q), fresh(k), fresh(v), cache(k), cache(v), filledRows()};
        }

        OpCheck.Input[] inputs() {
            Random random = new Random(past);
            OpCheck.Input k = whole(random, kvHeads);
            return inputs(whole(random, heads), k, k);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1, 1, 1, 1, 1, 0", "0, 1, 7, 2, 1, 5, 0", "6, 1, 7, 4, 2, 12, 0", "7, 3, 13, 6, 2, 14, 0", "9, 4, 13, 3, 3, 16, 5", "63, 1, 64, 2, 2, 8, 0", "64, 1, 80, 5, 1, 24, 0",
        "130, 1, 131, 4, 1, 32, 70", "129, 15, 150, 2, 1, 8, 33", "200, 2, 300, 2, 2, 9, 0", "400, 3, 410, 6, 2, 14, 0", "500, 1, 520, 4, 2, 12, 333", "319, 2, 321, 3, 1, 8, 320", "70, 7, 77, 4, 2, 10, 0", "70, 8, 78, 4, 2, 10, 0", "0, 15, 15, 3, 1, 33, 0", "20, 1, 30, 2, 1, 16, 1",
        "0, 16, 16, 2, 1, 8, 0", "0, 17, 23, 4, 2, 12, 0", "5, 16, 40, 6, 2, 14, 3", "63, 65, 128, 2, 1, 12, 0", "100, 130, 231, 2, 2, 8, 0", "100, 70, 190, 4, 2, 24, 70", "150, 64, 250, 3, 1, 17, 40",
        "1, 200, 201, 1, 1, 8, 0", "190, 20, 210, 2, 1, 8, 1"})
    void kernelKeepsItsBounds(int past, int tokens, int capacity, int heads, int kvHeads, int headSize, int window) {
        Case c = new Case(past, tokens, capacity, heads, kvHeads, headSize, window);
        Random random = new Random(past);
        OpCheck.Input q = c.whole(random, heads);
        OpCheck.Input k = c.whole(random, kvHeads);
        OpCheck.Input v = c.whole(random, kvHeads);
        OpCheck.Outcome o = OpCheck.outcome(c.build(), c.inputs(q, k, v));
        PlainAttention plain = new PlainAttention(BATCH, c.length(), heads, kvHeads, headSize, c.scale(), (t, j) -> j <= t && (window == 0 || t - j < window), 0, q.values(), k.values(), v.values());
        int row = heads * headSize;
        for (int at = 0; at < BATCH * tokens * row; at++) {
            int place = at / (tokens * row) * c.length() * row + past * row + at % (tokens * row);
            assertEquals(plain.y[place], o.reference().get(0)[at], 2 * 0x1p-29 * plain.yBound[place], "reference, " + at);
            o.assertWithin(plain.y[place], plain.yBound[place], 0, at);
        }
        assertArrayEquals(c.filled(k), o.kernel().get(1), "keys");
        assertArrayEquals(c.filled(v), o.kernel().get(2), "values");
        assertArrayEquals(c.filled(k), o.reference().get(1), "reference's keys");
        assertArrayEquals(c.filled(v), o.reference().get(2), "reference's values");
    }

    /** Rows that nobody filled may hold anything. */
    @ParameterizedTest
    @ValueSource(ints = {1, 20})
    void whatIsNotFilledIsNotRead(int tokens) {
        Case c = new Case(330, tokens, 380, 4, 2, 12, 0);
        OpCheck.Input[] in = c.inputs();
        BoundOp clean = BoundOp.of(OpCheck.op(c.build(), in), in);
        clean.call().run();
        BoundOp dirty = BoundOp.of(OpCheck.op(c.build(), in), in);
        for (int cache = 3; cache <= 4; cache++) {
            for (int b = 0; b < BATCH; b++) {
                for (int i = 330 * 24; i < 380 * 24; i++) {
                    dirty.in()[cache].setFloat(b * 380 * 24 + i, Float.NaN);
                }
            }
        }
        dirty.call().run();
        assertArrayEquals(clean.out()[0].toFloats(), dirty.out()[0].toFloats());
    }

    /** Scores of ± several hundred: no overflow, and the weights are those of the largest. */
    @ParameterizedTest
    @ValueSource(ints = {1, 20})
    void largeScoresStayFinite(int tokens) {
        Case c = new Case(9, tokens, 40, 2, 1, 16, 0);
        Random random = new Random(1);
        OpCheck.Input q = OpCheck.normal(random, 20, true, BATCH, c.length(), 32);
        OpCheck.Input k = OpCheck.normal(random, 20, true, BATCH, c.length(), 16);
        OpCheck.Input v = c.whole(random, 1);
        OpCheck.Outcome o = OpCheck.outcome(c.build(), c.inputs(q, k, v));
        PlainAttention plain = new PlainAttention(BATCH, c.length(), 2, 1, 16, c.scale(), (t, j) -> j <= t, 0, q.values(), k.values(), v.values());
        for (int at = 0; at < BATCH * tokens * 32; at++) {
            int place = at / (tokens * 32) * c.length() * 32 + 9 * 32 + at % (tokens * 32);
            o.assertWithin(plain.y[place], plain.yBound[place], 0, at);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 20})
    void sameDiffRunsIt(int tokens) {
        Case c = new Case(5, tokens, 40, 4, 2, 6, 4);
        OpCheck.Input[] in = c.inputs();
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable[] out = c.build().op(sd, OpCheck.placeholders(sd, DataType.FLOAT, in));
        assertEquals(List.of("y", "y.keys", "y.values"), Arrays.stream(out).map(SDVariable::name).toList());
        Map<String, INDArray> fed = new LinkedHashMap<>();
        for (int i = 0; i < in.length; i++) {
            fed.put("in" + i, in[i].array(DataType.FLOAT));
        }
        Map<String, INDArray> found = sd.output(fed, "y", "y.keys", "y.values");
        OpCheck.Outcome o = OpCheck.outcome(c.build(), in);
        assertArrayEquals(o.kernel().get(0), found.get("y").dup('c').data().asDouble(), 1e-5);
        assertArrayEquals(o.kernel().get(1), found.get("y.keys").dup('c').data().asDouble());
        assertArrayEquals(o.kernel().get(2), found.get("y.values").dup('c').data().asDouble());
    }

    @Test
    void argumentsSurviveSaving(@TempDir Path folder) {
        Case c = new Case(5, 1, 8, 4, 2, 6, 4);
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        c.build().op(sd, OpCheck.placeholders(sd, DataType.FLOAT, c.inputs()));
        File file = folder.resolve("graph").toFile();
        sd.save(file, false);
        CachedAttention loaded = (CachedAttention) SameDiff.load(file, false).ops()[0];
        assertEquals(List.of(4, 2, AttentionMask.slidingWindow(4), c.scale()), List.of(loaded.heads(), loaded.kvHeads(), loaded.mask(), loaded.scale()));
    }

    @Test
    void allocatesNothing() {
        for (Case c : List.of(new Case(30, 1, 40, 4, 2, 24, 0), new Case(30, 3, 40, 2, 1, 9, 20), new Case(400, 1, 401, 2, 1, 9, 0), new Case(30, 20, 60, 4, 2, 24, 0))) {
            Allocations.assertNone(c.build(), c.inputs());
        }
    }

    @ParameterizedTest
    @CsvSource({"7, 1, 7", "5, 3, 7", "-1, 1, 7", "2147483647, 1, 7", "30, 20, 40"})
    void refusesMoreThanTheCacheHolds(int past, int tokens, int capacity) {
        Case c = new Case(0, tokens, capacity, 2, 1, 4, 0);
        OpCheck.Input[] in = c.inputs();
        in[5] = OpCheck.ints(new int[] {past}, 1);
        LacunaOp op = OpCheck.op(c.build(), in);
        String message = "lacuna_cached_attention: " + past + " rows of the cache are filled, " + tokens + " more " + (tokens == 1 ? "does" : "do") + " not fit: it has " + capacity;
        BoundOp bound = BoundOp.of(op, in);
        double[] untouched = BoundOp.values(bound.out()[1]);
        assertEquals(message, assertThrows(IllegalArgumentException.class, bound.call()::run).getMessage());
        assertArrayEquals(untouched, BoundOp.values(bound.out()[1]));
        INDArray[] arrays = Arrays.stream(in).map(i -> i.array(DataType.DOUBLE)).toArray(INDArray[]::new);
        INDArray[] out = {arrays[0].dup(), arrays[3].dup(), arrays[4].dup()};
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> op.reference(arrays, out)).getMessage());
    }

    private static String refusal(OpCheck.Build build, long[]... shapes) {
        Random random = new Random(1);
        OpCheck.Input[] in = new OpCheck.Input[6];
        for (int i = 0; i < 5; i++) {
            in[i] = OpCheck.normal(random, 1, false, shapes[i]);
        }
        in[5] = OpCheck.ints(new int[(int) Arrays.stream(shapes[5]).reduce(1, (a, b) -> a * b)], shapes[5]);
        return assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(build, in)).getMessage();
    }

    @Test
    void refusesShapesThatDoNotFit() {
        OpCheck.Build build = new Case(0, 1, 8, 2, 1, 4, 0).build();
        long[] q = {1, 1, 8};
        long[] k = {1, 1, 4};
        long[] cache = {1, 8, 4};
        long[] one = {1};
        assertTrue(refusal(build, q, q, k, cache, cache, one).contains("wants q [B, T, 2·H]"));
        String message = "lacuna_cached_attention wants past keys and values [1, C, 4], not ";
        assertEquals(message + "[1, 8, 8] and [1, 8, 8]", refusal(build, q, k, k, new long[] {1, 8, 8}, new long[] {1, 8, 8}, one));
        assertEquals(message + "[1, 8, 4] and [1, 9, 4]", refusal(build, q, k, k, cache, new long[] {1, 9, 4}, one));
        assertEquals(message + "[2, 8, 4] and [2, 8, 4]", refusal(build, q, k, k, new long[] {2, 8, 4}, new long[] {2, 8, 4}, one));
        assertEquals(message + "[8, 4] and [8, 4]", refusal(build, q, k, k, new long[] {8, 4}, new long[] {8, 4}, one));
        assertEquals("lacuna_cached_attention wants the number of filled rows as [1], not [2]", refusal(build, q, k, k, cache, cache, new long[] {2}));
        assertEquals("lacuna_cached_attention: 0 rows of the cache are filled, 9 more do not fit: it has 8",
                refusal(build, new long[] {1, 9, 8}, new long[] {1, 9, 4}, new long[] {1, 9, 4}, cache, cache, one));
    }

    @Test
    void refusesAMaskThatLooksAhead() {
        OpCheck.Build build = (sd, in) -> CachedAttention.of(sd, "y", in[0], in[1], in[2], in[3], in[4], in[5], 1, 1, AttentionMask.bidirectional(), 1);
        String message = refusal(build, new long[] {1, 1, 4}, new long[] {1, 1, 4}, new long[] {1, 1, 4}, new long[] {1, 8, 4}, new long[] {1, 8, 4}, new long[] {1});
        assertTrue(message.contains("wants a causal or a sliding-window mask"), message);
    }

    @Test
    void hasNoGradient() {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.var("x", Nd4j.rand(DataType.DOUBLE, 1, 3, 4));
        SDVariable cache = sd.constant("cache", Nd4j.zeros(DataType.DOUBLE, 1, 8, 4));
        CachedAttention.of(sd, "y", x, x, x, cache, cache, sd.constant("past", Nd4j.createFromArray(0)), 1, 1, AttentionMask.causal(), 0.5)[0].sum("loss");
        sd.setLossVariables("loss");
        UnsupportedOperationException e = assertThrows(UnsupportedOperationException.class, () -> sd.calculateGradients(Map.of(), List.of("x")));
        assertEquals("lacuna_cached_attention has no gradient: it is for generation; train with lacuna_attention", e.getMessage());
    }
}
