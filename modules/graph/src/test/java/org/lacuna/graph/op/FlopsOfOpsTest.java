package org.lacuna.graph.op;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.program.Program;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/** Each op's count of operations against one that was made by hand. */
class FlopsOfOpsTest {
    private static final long[] X = {2, 3, 5};

    private final SameDiff sd = SameDiff.create();

    private SDVariable in(long... shape) {
        return sd.placeHolder("in" + sd.variables().size(), DataType.FLOAT, shape);
    }

    private LacunaOp maker(SDVariable output) {
        return (LacunaOp) sd.getVariableOutputOp(output.name());
    }

    @Test
    void linearMultipliesByEachWeightAndNotByBiases() {
        SDVariable[] y = Linear.of(sd, List.of("a", "b"), in(X), List.of(in(7, 5), in(11, 5)), List.of(in(7), in(11)));
        // 6 rows · 5 · (7 + 11) multiply-adds
        assertEquals(2 * 540, maker(y[0]).flops(new long[][] {X, {7, 5}, {11, 5}, {7}, {11}}));
    }

    @Test
    void linearDxMultipliesEachGradientByItsWeight() {
        SDVariable dx = LinearDx.of(sd, List.of(in(2, 3, 7), in(2, 3, 11)), List.of(in(7, 5), in(11, 5)));
        assertEquals(2 * 540, maker(dx).flops(new long[][] {{2, 3, 7}, {2, 3, 11}, {7, 5}, {11, 5}}));
    }

    @Test
    void linearDwMultipliesOnce() {
        // 7 × 5 sums over 6 rows
        assertEquals(2 * 210, maker(LinearDw.of(sd, in(X), in(2, 3, 7))).flops(new long[][] {X, {2, 3, 7}}));
    }

    /** 6 tokens with 2 choices each: 12 rows, whoever was chosen. */
    @Test
    void expertsMultiplyARowForEachChoice() {
        long[] choices = {2, 3, 2};
        SDVariable experts = sd.placeHolder("experts", DataType.INT32, choices);
        SDVariable[] y = ExpertLinear.of(sd, List.of("a", "b"), in(X), List.of(in(4, 7, 5), in(4, 11, 5)), experts, true);
        assertEquals(2 * 12 * 5 * 18, maker(y[0]).flops(new long[][] {X, {4, 7, 5}, {4, 11, 5}, choices}));
        SDVariable dx = ExpertLinearDx.of(sd, List.of(in(2, 6, 7), in(2, 6, 11)), List.of(in(4, 7, 5), in(4, 11, 5)), experts, true);
        assertEquals(2 * 12 * 5 * 18, maker(dx).flops(new long[][] {{2, 6, 7}, {2, 6, 11}, {4, 7, 5}, {4, 11, 5}, choices}));
        SDVariable dw = ExpertLinearDw.of(sd, in(X), in(2, 6, 7), in(4, 7, 5), experts, true);
        assertEquals(2 * 12 * 5 * 7, maker(dw).flops(new long[][] {X, {2, 6, 7}, {4, 7, 5}, choices}));
    }

    /** 2 sequences, 4 heads of size 2, 3 tokens; 2 key heads. */
    @ParameterizedTest
    @CsvSource({"CAUSAL, 0, 6", "BIDIRECTIONAL, 0, 9", "SLIDING_WINDOW, 2, 5", "SLIDING_WINDOW, 1, 3"})
    void attentionCountsWhatTheMaskLetsThrough(AttentionMask.Kind kind, int window, int pairs) {
        AttentionMask mask = new AttentionMask(kind, window);
        long[] q = {2, 3, 8};
        long[] k = {2, 3, 4};
        long[] lse = {2, 4, 3};
        SDVariable[] y = Attention.of(sd, "y", in(q), in(k), in(k), 4, 2, mask, 1);
        // of each head and pair, 2 multiply-adds for the score and 2 for the sum of values
        assertEquals(2L * 2 * 4 * pairs * 4, maker(y[0]).flops(new long[][] {q, k, k}));
        SDVariable[] d = AttentionGrad.of(sd, in(q), in(q), in(k), in(k), in(q), in(lse), 4, 2, mask, 1);
        // 2 for each of the score, dy · v, dq, dk and dv
        assertEquals(2L * 2 * 4 * pairs * 10, maker(d[0]).flops(new long[][] {q, q, k, k, q, lse}));
    }

    /** 2 sequences, 4 heads of size 2, 3 tokens behind 4 kept ones in a cache of 7. */
    @ParameterizedTest
    @CsvSource({"CAUSAL, 0, 18", "SLIDING_WINDOW, 2, 6", "SLIDING_WINDOW, 6, 17"})
    void attentionWithACacheCountsAFullOne(AttentionMask.Kind kind, int window, int pairs) {
        long[] q = {2, 3, 8};
        long[] k = {2, 3, 4};
        long[] cache = {2, 7, 4};
        SDVariable past = sd.placeHolder("past", DataType.INT32, 1);
        SDVariable[] y = CachedAttention.of(sd, "y", in(q), in(k), in(k), in(cache), in(cache), past, 4, 2, new AttentionMask(kind, window), 1);
        assertEquals(2L * 2 * 4 * pairs * 4, maker(y[0]).flops(new long[][] {q, k, k, cache, cache, {1}}));
    }

    @Test
    void theLmHeadMultipliesOnceAndThriceForItsGradient() {
        SDVariable targets = sd.placeHolder("targets", DataType.INT32, 2, 3);
        SDVariable[] loss = LmHeadLoss.of(sd, "loss", "nll", in(X), in(7, 5), targets, in(2, 3));
        assertEquals(2 * 210, maker(loss[0]).flops(new long[][] {X, {7, 5}, {2, 3}, {2, 3}}));
        SDVariable[] d = LmHeadLossGrad.of(sd, in(X), in(7, 5), in(), targets, in(2, 3), 0);
        assertEquals(3 * 2 * 210, maker(d[0]).flops(new long[][] {X, {7, 5}, {}, {2, 3}, {2, 3}}));
    }

    @Test
    void distillationMultipliesByBothHeads() {
        long[] teacher = {2, 3, 4};
        long[] weight = {2, 3};
        SDVariable[] loss = DistillLoss.of(sd, "loss", "kl", in(X), in(7, 5), in(teacher), in(7, 4), in(weight), 1);
        // 6 rows · 7 words · (5 + 4) multiply-adds
        assertEquals(2 * 378, maker(loss[0]).flops(new long[][] {X, {7, 5}, teacher, {7, 4}, weight}));
        SDVariable[] d = DistillLossGrad.of(sd, in(X), in(7, 5), in(), in(teacher), in(7, 4), in(weight), 1);
        assertEquals(2 * (3 * 210 + 168), maker(d[0]).flops(new long[][] {X, {7, 5}, {}, teacher, {7, 4}, weight}));
    }

    @Test
    void whatIsDoneElementByElementCountsNothing() {
        assertEquals(0, maker(Add.of(sd, "sum", in(X), in(X))).flops(new long[][] {X, X}));
    }

    @Test
    void aProgramTellsEachStepsCost() {
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, X);
        SDVariable w = sd.placeHolder("w", DataType.FLOAT, 5, 5);
        Add.of(sd, "z", x, Linear.of(sd, "y", x, w));
        Program program = Program.of(sd, new CpuDevice()).placeholder("x", X).placeholder("w", 5, 5).outputs("z").build();
        assertEquals(List.of(new OpCost(Linear.NAME, 300, 4 * (30 + 25 + 30)), new OpCost(Add.NAME, 0, 4 * 90)), program.costs());
    }

    @Test
    void bytesAreThoseOfTheStoredTypes() {
        TensorSpec[] in = {new TensorSpec("ids", DataType.INT, 3), new TensorSpec("p", DataType.DOUBLE, 2)};
        LacunaOp add = maker(Add.of(sd, "sum", in(X), in(X)));
        assertEquals(new OpCost(Add.NAME, 0, 12 + 16 + 8), OpCost.of(add, in, new TensorSpec[] {new TensorSpec("count", DataType.LONG)}));
    }
}
