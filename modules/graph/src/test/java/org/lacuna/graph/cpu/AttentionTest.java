package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.graph.op.Attention;
import org.lacuna.graph.op.AttentionGrad;
import org.lacuna.graph.op.AttentionMask;
import org.lacuna.graph.op.LacunaOps;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class AttentionTest {
    /** length, heads, kvHeads, headSize, window (0: causal, -1: bidirectional); blocks of 64 rows begin and end inside 65, 100, 130; blocks of 512 keys inside more, and products read up to 512 rows where they lie. */
    private record Case(int length, int heads, int kvHeads, int headSize, int window) {
        AttentionMask mask() {
            return window > 0 ? AttentionMask.slidingWindow(window) : window == 0 ? AttentionMask.causal() : AttentionMask.bidirectional();
        }

        PlainAttention.Sees sees() {
            return window > 0 ? (t, j) -> j <= t && t - j < window : window == 0 ? (t, j) -> j <= t : (t, j) -> true;
        }

        double scale() {
            return 1 / Math.sqrt(headSize);
        }

        OpCheck.Input queries(Random random) {
            return OpCheck.normal(random, 1.5, true, 2, length, (long) heads * headSize);
        }

        OpCheck.Input keys(Random random) {
            return OpCheck.normal(random, 1.5, true, 2, length, (long) kvHeads * headSize);
        }

        PlainAttention plain(double rounding, OpCheck.Input q, OpCheck.Input k, OpCheck.Input v) {
            return new PlainAttention(2, length, heads, kvHeads, headSize, scale(), sees(), rounding, q.values(), k.values(), v.values());
        }

        OpCheck.Build forward() {
            return (sd, in) -> Attention.of(sd, "y", in[0], in[1], in[2], heads, kvHeads, mask(), scale());
        }

        OpCheck.Build backward() {
            return (sd, in) -> AttentionGrad.of(sd, in[0], in[1], in[2], in[3], in[4], in[5], heads, kvHeads, mask(), scale());
        }
    }

    private static void assertWithin(String what, double[] expected, double[] bounds, OpCheck.Outcome outcome, int output) {
        double[] reference = outcome.reference().get(output);
        for (int i = 0; i < expected.length; i++) {
            int at = i;
            // Both in double, whose unit is 2^-29 of the float's.
            assertEquals(expected[i], reference[i], 2 * 0x1p-29 * bounds[i], () -> what + ", reference, " + at);
            outcome.assertWithin(expected[i], bounds[i], output, i);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, 1, 0", "1, 4, 2, 12, -1", "3, 2, 1, 14, 0", "3, 3, 3, 16, 2", "17, 4, 2, 24, 0", "17, 2, 2, 12, 5", "17, 6, 2, 14, -1",
        "48, 4, 2, 12, 0", "64, 1, 1, 64, 0", "65, 2, 1, 12, 0", "100, 4, 2, 14, 0", "100, 2, 1, 24, 33", "100, 2, 2, 16, -1", "128, 3, 3, 16, -1", "130, 2, 2, 8, 0", "130, 2, 1, 8, 1", "130, 1, 1, 8, 70", "224, 8, 8, 8, 105", "512, 2, 1, 12, 0", "513, 2, 1, 8, -1",
        "530, 4, 2, 32, 0", "600, 2, 1, 8, 480", "700, 2, 1, 8, 560", "1100, 1, 1, 8, 0"})
    void kernelsKeepTheirBounds(int length, int heads, int kvHeads, int headSize, int window) {
        Case c = new Case(length, heads, kvHeads, headSize, window);
        Random random = new Random(length);
        OpCheck.Input q = c.queries(random);
        OpCheck.Input k = c.keys(random);
        OpCheck.Input v = c.keys(random);
        OpCheck.Input dy = c.queries(random);
        OpCheck.Outcome forward = OpCheck.outcome(c.forward(), q, k, v);
        PlainAttention plain = c.plain(0, q, k, v);
        assertWithin("y", plain.y, plain.yBound, forward, 0);
        assertWithin("lse", plain.lse, plain.lseBound, forward, 1);

        OpCheck.Input y = OpCheck.floats(forward.kernel().get(0), true, q.shape());
        OpCheck.Input lse = OpCheck.floats(forward.kernel().get(1), true, 2, heads, length);
        OpCheck.Outcome backward = OpCheck.outcome(c.backward(), dy, q, k, v, y, lse);
        PlainAttention.Gradient gradient = plain.new Gradient(dy.values(), y.values(), lse.values());
        assertWithin("dq", gradient.dq, gradient.dqBound, backward, 0);
        assertWithin("dk", gradient.dk, gradient.dkBound, backward, 1);
        assertWithin("dv", gradient.dv, gradient.dvBound, backward, 2);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, 1, 0", "1, 4, 2, 12, -1", "3, 2, 1, 14, 0", "3, 3, 3, 16, 2", "17, 4, 2, 24, 0", "17, 2, 2, 12, 5", "17, 6, 2, 14, -1",
        "48, 4, 2, 12, 0", "64, 1, 1, 64, 0", "65, 2, 1, 12, 0", "100, 4, 2, 14, 0", "100, 2, 1, 24, 33", "100, 2, 2, 16, -1", "128, 3, 3, 16, -1", "130, 2, 2, 8, 0", "130, 2, 1, 8, 1", "130, 1, 1, 8, 70", "224, 8, 8, 8, 105", "512, 2, 1, 12, 0", "513, 2, 1, 8, -1",
        "530, 4, 2, 32, 0", "600, 2, 1, 8, 480", "700, 2, 1, 8, 560", "1100, 1, 1, 8, 0"})
    void bf16KernelsKeepTheirBounds(int length, int heads, int kvHeads, int headSize, int window) {
        Case c = new Case(length, heads, kvHeads, headSize, window);
        Random random = new Random(length);
        OpCheck.Input q = c.queries(random).rounded();
        OpCheck.Input k = c.keys(random).rounded();
        OpCheck.Input v = c.keys(random).rounded();
        OpCheck.Input dy = c.queries(random).rounded();
        PlainAttention plain = c.plain(OpCheck.NARROW, q, k, v);
        List<OpCheck.Outcome> forward = OpCheck.narrowOutcomes(c.forward(), q, k, v);
        for (OpCheck.Outcome o : forward) {
            assertWithin("y", plain.y, plain.yBound, o, 0);
            assertWithin("lse", plain.lse, plain.lseBound, o, 1);
        }
        OpCheck.Input y = OpCheck.floats(forward.get(0).kernel().get(0), true, q.shape()).rounded();
        OpCheck.Input lse = OpCheck.floats(forward.get(0).kernel().get(1), true, 2, heads, length);
        PlainAttention.Gradient gradient = plain.new Gradient(dy.values(), y.values(), lse.values());
        for (OpCheck.Outcome o : OpCheck.narrowOutcomes(c.backward(), dy, q, k, v, y, lse)) {
            assertWithin("dq", gradient.dq, gradient.dqBound, o, 0);
            assertWithin("dk", gradient.dk, gradient.dkBound, o, 1);
            assertWithin("dv", gradient.dv, gradient.dvBound, o, 2);
        }
    }

    /** A trunk and three branches from it, of uneven lengths: against plain loops that see the trunk and their own branch. */
    @ParameterizedTest
    @CsvSource({"4, 1, 1, 1, 1", "20, 9, 4, 2, 12", "70, 61, 2, 1, 16", "140, 100, 2, 2, 8"})
    void aBranchSeesItsTrunkAndItself(int length, int trunk, int heads, int kvHeads, int headSize) {
        Case c = new Case(length, heads, kvHeads, headSize, 0);
        int[] spans = new int[2 * 2 * length];
        for (int start : new int[] {trunk, trunk + (length - trunk) / 4, trunk + (length - trunk) / 2}) {
            for (int t = start; t < length; t++) {
                for (int b = 0; b < 2; b++) {
                    spans[2 * (b * length + t)] = trunk;
                    spans[2 * (b * length + t) + 1] = start;
                }
            }
        }
        PlainAttention.Sees sees = (t, j) -> j <= t && (t < trunk || j < trunk || j >= spans[2 * t + 1]);
        Random random = new Random(length);
        OpCheck.Input q = c.queries(random);
        OpCheck.Input k = c.keys(random);
        OpCheck.Input v = c.keys(random);
        PlainAttention plain = new PlainAttention(2, length, heads, kvHeads, headSize, c.scale(), sees, 0, q.values(), k.values(), v.values());
        OpCheck.Build branched = (sd, in) -> Attention.of(sd, "y", in[0], in[1], in[2], in[3], heads, kvHeads, c.scale());
        OpCheck.Outcome outcome = OpCheck.outcome(branched, q, k, v, OpCheck.ints(spans, 2, length, 2));
        assertWithin("y", plain.y, plain.yBound, outcome, 0);
        assertWithin("lse", plain.lse, plain.lseBound, outcome, 1);
    }

    /** Scores of ± several hundred: no overflow, and the weights are those of the largest. */
    @Test
    void largeScoresStayFinite() {
        Case c = new Case(17, 2, 1, 16, 0);
        Random random = new Random(1);
        OpCheck.Input q = OpCheck.normal(random, 20, true, 2, 17, 32);
        OpCheck.Input k = OpCheck.normal(random, 20, true, 2, 17, 16);
        OpCheck.Input v = c.keys(random);
        PlainAttention plain = c.plain(0, q, k, v);
        OpCheck.Outcome forward = OpCheck.outcome(c.forward(), q, k, v);
        assertWithin("y", plain.y, plain.yBound, forward, 0);
        assertWithin("lse", plain.lse, plain.lseBound, forward, 1);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1, 2, 0", "3, 4, 2, 3, 0", "3, 2, 1, 2, 2", "3, 2, 2, 2, -1", "17, 2, 1, 1, 0", "17, 1, 1, 2, 5"})
    void gradientEqualsDifferences(int length, int heads, int kvHeads, int headSize, int window) {
        Case c = new Case(length, heads, kvHeads, headSize, window);
        Random random = new Random(length);
        OpCheck.assertGradients(c.forward(), 1e-4, 1e-6, c.queries(random), c.keys(random), c.keys(random));
    }

    @Test
    void kernelsAllocateNothing() {
        Case c = new Case(17, 2, 1, 24, 5);
        Random random = new Random(1);
        OpCheck.Input q = c.queries(random);
        OpCheck.Input k = c.keys(random);
        Allocations.assertNone(c.forward(), q, k, k);
        Allocations.assertNone(c.backward(), q, q, k, k, q, OpCheck.normal(random, 1, true, 2, 2, 17));
    }

    @Test
    void bf16KernelsAllocateNothing() {
        Case c = new Case(17, 2, 1, 24, 5);
        Random random = new Random(1);
        OpCheck.Input q = c.queries(random);
        OpCheck.Input k = c.keys(random);
        Allocations.assertNoneNarrow(c.forward(), q, k, k);
        Allocations.assertNoneNarrow(c.backward(), q, q, k, k, q, OpCheck.normal(random, 1, true, 2, 2, 17));
    }

    @Test
    void refusesALossOfLse() {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.var("x", Nd4j.rand(DataType.DOUBLE, 1, 3, 4));
        SDVariable[] out = Attention.of(sd, "y", x, x, x, 1, 1, AttentionMask.causal(), 0.5);
        out[0].sum("one").add("loss", out[1].sum("other"));
        sd.setLossVariables("loss");
        assertThrows(UnsupportedOperationException.class, () -> sd.calculateGradients(Map.of(), List.of("x")));
    }

    @Test
    void masksSayWhatIsSeen() {
        AttentionMask window = AttentionMask.slidingWindow(3);
        assertArrayEquals(new int[] {0, 1, 4, 7}, new int[] {window.first(0), window.end(0, 9), window.first(6), window.end(6, 9)});
        assertArrayEquals(new int[] {0, 7}, new int[] {AttentionMask.causal().first(6), AttentionMask.causal().end(6, 9)});
        assertArrayEquals(new int[] {0, 9}, new int[] {AttentionMask.bidirectional().first(6), AttentionMask.bidirectional().end(6, 9)});
        assertThrows(IllegalArgumentException.class, () -> AttentionMask.slidingWindow(0));
    }

    @Test
    void refusesHeadsThatDoNotDivide() {
        Random random = new Random(1);
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class,
                () -> OpCheck.outcome(new Case(3, 3, 2, 4, 0).forward(), OpCheck.normal(random, 1, true, 1, 3, 12),
                        OpCheck.normal(random, 1, true, 1, 3, 8), OpCheck.normal(random, 1, true, 1, 3, 8)));
        assertTrue(e.getMessage().contains("3 and 2"), e.getMessage());
    }

    @Test
    void refusesAScaleThatTurnsScoresRound() {
        Random random = new Random(1);
        for (double scale : new double[] {0, -0.5, Double.NaN, Double.POSITIVE_INFINITY}) {
            OpCheck.Input x = OpCheck.normal(random, 1, true, 1, 3, 4);
            OpCheck.Build build = (sd, in) -> Attention.of(sd, "y", in[0], in[1], in[2], 1, 1, AttentionMask.causal(), scale);
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(build, x, x, x));
            assertTrue(e.getMessage().contains("positive scale"), e.getMessage());
        }
    }
}
