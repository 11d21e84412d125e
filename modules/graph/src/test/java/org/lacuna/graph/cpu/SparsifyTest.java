package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.NonFiniteRowException;
import org.lacuna.graph.op.Sparsify;
import org.lacuna.graph.op.SparsifyGrad;
import org.lacuna.sparsity.rule.RowScratch;
import org.lacuna.sparsity.rule.Rules;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.factory.Nd4j;

class SparsifyTest {
    private static final int NONE = 0;
    private static final int TOP_P = 1;
    private static final OpCheck.Input RULES = OpCheck.ints(new int[] {TOP_P, NONE, TOP_P, TOP_P}, 4);
    /** Two columns, as another rule may have two parameters. */
    private static final OpCheck.Input PARAMETERS = OpCheck.doubles(new double[] {0.5, 7, 7, 7, 0.9, 7, 1, 7}, 4, 2);

    private static OpCheck.Build sparsify(boolean fan) {
        return (sd, in) -> Sparsify.of(sd, "masked", "kept", in[0], in[1], in[2], in[3], fan);
    }

    private static OpCheck.Build grad(boolean fan) {
        return (sd, in) -> new SDVariable[] {SparsifyGrad.of(sd, in[0], in[1], in[2], fan)};
    }

    @Test
    void masksCountsAndPassesPadding() {
        OpCheck.Input v = OpCheck.floats(new double[] {4, -3, 2, 0, 1, 0, -1, 0, 9, 9, 0, 9}, true, 3, 1, 4);
        OpCheck.Input mask = OpCheck.ints(new int[] {1, 1, 0}, 3, 1);
        OpCheck.Input rules = OpCheck.ints(new int[] {TOP_P, NONE, TOP_P}, 3);
        OpCheck.Input parameters = OpCheck.doubles(new double[] {0.5, 0, 0.1}, 3, 1);
        OpCheck.Outcome o = OpCheck.outcome(sparsify(false), v, rules, parameters, mask);
        // The first row's mass is 9: before −3 it is 4 < 4.5, before 2 it is 7.
        double[] masked = {4, -3, 0, 0, 1, 0, -1, 0, 9, 9, 0, 9};
        assertArrayEquals(masked, o.kernel().get(0));
        assertArrayEquals(masked, o.reference().get(0));
        assertArrayEquals(new double[] {2, 2, -1}, o.kernel().get(1));
        assertArrayEquals(new double[] {2, 2, -1}, o.reference().get(1));
    }

    @ParameterizedTest
    @CsvSource({"1,false", "3,false", "17,false", "352,false", "1,true", "3,true", "17,true", "352,true"})
    void kernelEqualsReference(int n, boolean fan) {
        Random random = new Random(n);
        int sequences = fan ? 2 : 8;
        double[] values = OpCheck.normal(random, 1, true, sequences, 3, n).values();
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(4) == 0 ? 0 : random.nextInt(4) == 0 ? 0.25 : values[i];
        }
        OpCheck.Input v = OpCheck.floats(values, true, sequences, 3, n);
        double[] weights = new double[sequences * 3];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = random.nextInt(4) == 0 ? 0 : 0.5;
        }
        OpCheck.Outcome o = OpCheck.outcome(sparsify(fan), v, RULES, PARAMETERS, OpCheck.floats(weights, false, sequences, 3));
        assertArrayEquals(o.reference().get(0), o.kernel().get(0));
        assertArrayEquals(o.reference().get(1), o.kernel().get(1));

        OpCheck.Input masked = OpCheck.floats(o.reference().get(0), true, 8, 3, n);
        OpCheck.Outcome g = OpCheck.outcome(grad(fan), OpCheck.normal(random, 1, true, 8, 3, n), masked, RULES);
        for (int i = 0; i < g.kernel().get(0).length; i++) {
            OpCheck.assertSum(g.reference().get(0)[i], g.kernel().get(0)[i], 4, fan ? 8 : 0);
        }
    }

    @Test
    void theRuleLooksAtWhatChannelsMakeOfARow() {
        OpCheck.Build build = (sd, in) -> Sparsify.of(sd, "masked", "kept", in[0], in[1], in[2], in[3], in[4], false);
        OpCheck.Input v = OpCheck.floats(new double[] {4, -3, 2, 1, 4, -3, 2, 1}, true, 2, 1, 4);
        OpCheck.Input rules = OpCheck.ints(new int[] {TOP_P}, 1);
        OpCheck.Input parameters = OpCheck.doubles(new double[] {0.5}, 1, 1);
        OpCheck.Input mask = OpCheck.ints(new int[] {1, 1}, 2, 1);
        // |v| · c is 0.4, 0.3, 2, 10, of which 1 alone is more than half; and with the second row 4, 3, 0, 0.
        OpCheck.Outcome each = OpCheck.outcome(build, v, rules, parameters, mask, OpCheck.floats(new double[] {0.1, 0.1, 1, 10, 1, 1, 0, 0}, false, 2, 4));
        OpCheck.Outcome all = OpCheck.outcome(build, v, rules, parameters, mask, OpCheck.floats(new double[] {0.1, 0.1, 1, 10}, false, 1, 4));
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(new double[][] {{0, 0, 0, 1, 4, 0, 0, 0}, {1, 1}}[i], each.kernel().get(i));
            assertArrayEquals(each.reference().get(i), each.kernel().get(i));
            assertArrayEquals(new double[][] {{0, 0, 0, 1, 0, 0, 0, 1}, {1, 1}}[i], all.kernel().get(i));
            assertArrayEquals(all.reference().get(i), all.kernel().get(i));
        }
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(build, v, rules, parameters, mask, OpCheck.floats(new double[12], false, 3, 4)));
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(build, v, rules, parameters, mask, OpCheck.floats(new double[3], false, 1, 3)));
    }

    @ParameterizedTest
    @CsvSource({"3,false,1", "17,false,2", "352,false,4", "17,true,1", "352,true,2"})
    void kernelWithChannelsEqualsReference(int n, boolean fan, int channelRows) {
        OpCheck.Build build = (sd, in) -> Sparsify.of(sd, "masked", "kept", in[0], in[1], in[2], in[3], in[4], fan);
        Random random = new Random(n);
        int sequences = fan ? 2 : 8;
        double[] weights = new double[sequences * 3];
        Arrays.fill(weights, 0, weights.length - 1, 1);
        OpCheck.Input channels = OpCheck.floats(Arrays.stream(OpCheck.normal(random, 1, false, channelRows, n).values()).map(Math::abs).toArray(), false, channelRows, n);
        OpCheck.Input v = OpCheck.normal(random, 1, true, sequences, 3, n);
        OpCheck.Outcome o = OpCheck.outcome(build, v, RULES, PARAMETERS, OpCheck.floats(weights, false, sequences, 3), channels);
        assertArrayEquals(o.reference().get(0), o.kernel().get(0));
        assertArrayEquals(o.reference().get(1), o.kernel().get(1));
        OpCheck.Outcome plain = OpCheck.outcome(sparsify(fan), v, RULES, PARAMETERS, OpCheck.floats(weights, false, sequences, 3));
        assertTrue(!Arrays.equals(plain.kernel().get(0), o.kernel().get(0)), "channels make a difference");
    }

    @Test
    void fanOutEqualsTheRulesOneByOne() {
        Random random = new Random(4);
        double[] values = OpCheck.normal(random, 1, true, 2, 3, 100).values();
        double[] repeated = new double[4 * values.length];
        for (int b = 0; b < 4; b++) {
            System.arraycopy(values, 0, repeated, b * values.length, values.length);
        }
        int[] mask = new int[24];
        Arrays.fill(mask, 1);
        OpCheck.Outcome one = OpCheck.outcome(sparsify(false), OpCheck.floats(repeated, true, 8, 3, 100), RULES, PARAMETERS, OpCheck.ints(mask, 8, 3));
        OpCheck.Outcome all = OpCheck.outcome(sparsify(true), OpCheck.floats(values, true, 2, 3, 100), RULES, PARAMETERS,
                OpCheck.ints(Arrays.copyOf(mask, 6), 2, 3));
        assertArrayEquals(one.kernel().get(0), all.kernel().get(0));
        assertArrayEquals(one.kernel().get(1), all.kernel().get(1));
    }

    @ParameterizedTest
    @CsvSource({"1,false", "3,false", "17,false", "1,true", "3,true", "17,true"})
    void gradientEqualsDifferencesWhereTheMaskHolds(int n, boolean fan) {
        double step = 1e-5;
        int sequences = fan ? 1 : 4;
        OpCheck.Input v = OpCheck.normal(new Random(n), 1, true, sequences, 2, n);
        for (int row = 0; row < sequences * 2; row++) {
            float[] values = new float[n];
            for (int j = 0; j < n; j++) {
                values[j] = (float) v.values()[row * n + j];
            }
            for (double p : new double[] {0.5, 0.9}) {
                assertMaskHolds(values, p, 10 * step);
            }
        }
        int[] mask = new int[sequences * 2];
        Arrays.fill(mask, 1);
        mask[0] = 0;
        OpCheck.assertGradients(sparsify(fan), step, 1e-6, v, RULES, PARAMETERS, OpCheck.ints(mask, sequences, 2));
    }

    private static void assertMaskHolds(float[] values, double p, double distance) {
        long[] expected = mask(values, p);
        for (int j = 0; j < values.length; j++) {
            for (double move : new double[] {-distance, distance}) {
                float[] moved = values.clone();
                moved[j] += (float) move;
                assertArrayEquals(expected, mask(moved, p), "the point is too near to a change of mask for differences to mean anything");
            }
        }
    }

    private static long[] mask(float[] values, double p) {
        long[] kept = new long[(values.length + 63) / 64];
        Rules.byCode(TOP_P).keep(values, values.length, new double[] {p}, 0, kept, new RowScratch(values.length));
        return kept;
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
    void namesTheRowThatIsNotFinite(double bad) {
        OpCheck.Input v = OpCheck.floats(new double[] {1, 2, 3, 4, 5, bad, 7, bad}, true, 2, 2, 2);
        OpCheck.Input rules = OpCheck.ints(new int[] {NONE}, 1);
        OpCheck.Input parameters = OpCheck.doubles(new double[] {0}, 1, 1);
        OpCheck.Input mask = OpCheck.ints(new int[] {1, 1, 1, 0}, 2, 2);
        NonFiniteRowException e = assertThrows(NonFiniteRowException.class, () -> OpCheck.outcome(sparsify(false), v, rules, parameters, mask));
        assertEquals(2, e.row());
        assertEquals(1, e.index());
        assertTrue(e.getMessage().startsWith("row 2: entry 1 of the row is"), e.getMessage());
        // Padding may hold anything.
        OpCheck.Outcome o = OpCheck.outcome(sparsify(false), v, rules, parameters, OpCheck.ints(new int[] {1, 1, 0, 0}, 2, 2));
        assertEquals(bad, o.kernel().get(0)[5]);
    }

    @Test
    void theReferenceNamesTheRowToo() {
        SameDiff sd = SameDiff.create();
        LacunaOps.register();
        SDVariable v = sd.constant("v", Nd4j.createFromArray(new float[] {1, Float.NaN}).reshape(1, 2, 1));
        SDVariable rule = sd.constant("rule", Nd4j.createFromArray(new int[] {NONE}));
        SDVariable parameters = sd.constant("p", Nd4j.createFromArray(new double[] {0}).reshape(1, 1));
        SDVariable mask = sd.constant("mask", Nd4j.createFromArray(new int[] {1, 1}).reshape(1, 2));
        Sparsify.of(sd, "masked", "kept", v, rule, parameters, mask, false);
        Throwable e = assertThrows(RuntimeException.class, () -> sd.outputSingle(Map.of(), "masked"));
        while (e.getCause() != null && !(e instanceof NonFiniteRowException)) {
            e = e.getCause();
        }
        assertEquals(1, ((NonFiniteRowException) e).row());
    }

    @Test
    void refusesWhatDoesNotFit() {
        OpCheck.Input v = OpCheck.normal(new Random(1), 1, true, 3, 2, 5);
        OpCheck.Input mask = OpCheck.ints(new int[6], 3, 2);
        OpCheck.Input two = OpCheck.ints(new int[2], 2);
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(sparsify(false), v, two, OpCheck.doubles(new double[2], 2, 1), mask));
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(sparsify(true), v, two, OpCheck.doubles(new double[3], 3, 1), mask));
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(sparsify(true), v, two, OpCheck.doubles(new double[2], 2, 1), OpCheck.ints(new int[6], 2, 3)));
    }

    @Test
    void kernelsAllocateNothing() {
        Random random = new Random(1);
        int[] mask = {1, 1, 1, 0};
        OpCheck.Input v = OpCheck.normal(random, 1, true, 4, 1, 100);
        Allocations.assertNone(sparsify(false), v, RULES, PARAMETERS, OpCheck.ints(mask, 4, 1));
        Allocations.assertNone(sparsify(true), OpCheck.normal(random, 1, true, 1, 4, 100), RULES, PARAMETERS, OpCheck.ints(mask, 1, 4));
        Allocations.assertNone(grad(false), v, v, RULES);
        Allocations.assertNone(grad(true), v, v, RULES);
    }
}
