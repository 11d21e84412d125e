package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.op.Rotary;
import org.lacuna.graph.op.RotaryFrequencies;
import org.lacuna.graph.op.RotaryTable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

class RotaryTest {
    private static OpCheck.Build table(double... frequencies) {
        return (sd, in) -> new SDVariable[] {RotaryTable.of(sd, "table", in[0], frequencies)};
    }

    private static OpCheck.Build turn(int headSize) {
        return (sd, in) -> new SDVariable[] {Rotary.of(sd, "y", in[0], in[1], headSize)};
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 12, 24, 64})
    void tableEqualsReferenceAndFormula(int h) {
        double[] frequencies = RotaryFrequencies.plain(h, 10000);
        int[] positions = {0, 1, 2, 3, 4, 0, 1, 2, 30, 31, 99_999, 1, 0, 3, 131_071};
        OpCheck.Outcome o = OpCheck.outcome(table(frequencies), OpCheck.ints(positions, 3, 5));
        OpCheck.assertUlps(o.reference().get(0), o.kernel().get(0), 4);
        for (int row = 0; row < positions.length; row++) {
            for (int i = 0; i < h / 2; i++) {
                double angle = positions[row] * frequencies[i];
                assertEquals(Math.cos(angle), o.reference().get(0)[row * h + i], 1e-15);
                assertEquals(Math.sin(angle), o.reference().get(0)[row * h + h / 2 + i], 1e-15);
            }
        }
    }

    /** The frequencies ride in the op's arguments, as doubles, through a saved graph. */
    @Test
    void frequenciesSurviveSaving(@TempDir Path folder) {
        LacunaOps.register();
        SameDiff sd = SameDiff.create();
        RotaryTable.of(sd, "table", sd.placeHolder("positions", DataType.INT32, 1, 2), RotaryFrequencies.plain(12, 10000));
        File file = folder.resolve("graph").toFile();
        sd.save(file, false);
        RotaryTable loaded = (RotaryTable) SameDiff.load(file, false).ops()[0];
        assertArrayEquals(RotaryFrequencies.plain(12, 10000), loaded.frequencies());
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 2", "3, 2, 12", "17, 3, 14", "5, 4, 24", "3, 2, 64", "2, 1, 100"})
    void kernelEqualsReference(int t, int heads, int h) {
        Random random = new Random(h);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 2, t, heads * h);
        OpCheck.Input angles = OpCheck.normal(random, 1, false, 2, t, h);
        check(heads, h, x, angles, OpCheck.outcome(turn(h), x, angles));
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 2", "3, 2, 12", "17, 3, 14", "5, 4, 24", "3, 2, 64", "2, 1, 100"})
    void bf16KernelsEqualReference(int t, int heads, int h) {
        Random random = new Random(h);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 2, t, heads * h).rounded();
        OpCheck.Input angles = OpCheck.normal(random, 1, false, 2, t, h);
        OpCheck.narrowOutcomes(turn(h), x, angles).forEach(o -> check(heads, h, x, angles, o));
    }

    /** Each output is a sum of two products: 4·√2·2⁻²⁴ of their magnitudes. */
    private static void check(int heads, int h, OpCheck.Input x, OpCheck.Input angles, OpCheck.Outcome o) {
        for (int at = 0; at < x.values().length; at++) {
            int i = at % h;
            int row = at / (heads * h);
            double cos = angles.values()[row * h + i % (h / 2)];
            double sin = angles.values()[row * h + h / 2 + i % (h / 2)];
            // Hugging Face: x · cos + rotate_half(x) · sin, rotate_half(x) = concat(−x[H/2:], x[:H/2]).
            double half = i < h / 2 ? -x.values()[at + h / 2] : x.values()[at - h / 2];
            double y = x.values()[at] * cos + half * sin;
            assertEquals(y, o.reference().get(0)[at], 1e-14);
            o.assertWithin(y, OpCheck.sumError(2) * (Math.abs(x.values()[at] * cos) + Math.abs(half * sin)), 0, at);
        }
    }

    /** The turned part of each head is what heads of that size give; the rest stays. */
    @ParameterizedTest
    @CsvSource({"3, 16, 4", "2, 80, 20", "2, 100, 64", "1, 6, 4"})
    void onlyTheFirstElementsOfAHeadTurn(int heads, int h, int turned) {
        Random random = new Random(h);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 2, 5, heads * h);
        OpCheck.Input angles = OpCheck.normal(random, 1, false, 2, 5, turned);
        double[] parts = new double[2 * 5 * heads * turned];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = x.values()[i / turned * h + i % turned];
        }
        OpCheck.Outcome all = OpCheck.outcome(turn(h), x, angles);
        OpCheck.Outcome part = OpCheck.outcome(turn(turned), OpCheck.floats(parts, true, 2, 5, heads * turned), angles);
        for (int i = 0; i < x.values().length; i++) {
            int at = i / h * turned + i % h;
            boolean turns = i % h < turned;
            assertEquals(turns ? part.reference().get(0)[at] : x.values()[i], all.reference().get(0)[i]);
            assertEquals(turns ? part.kernel().get(0)[at] : x.values()[i], all.kernel().get(0)[i]);
        }
        OpCheck.Build tableAndTurn = (sd, in) -> new SDVariable[] {
            Rotary.of(sd, "y", in[0], RotaryTable.of(sd, "table", in[1], RotaryFrequencies.plain(4, 100)), 6)};
        OpCheck.assertGradients(tableAndTurn, 1e-4, 1e-6, OpCheck.normal(random, 1, true, 1, 3, 12), OpCheck.ints(upTo(3), 1, 3));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void gradientEqualsDifferences(int t) {
        Random random = new Random(t);
        OpCheck.Build tableAndTurn = (sd, in) -> new SDVariable[] {
            Rotary.of(sd, "y", in[0], RotaryTable.of(sd, "table", in[1], RotaryFrequencies.plain(4, 100)), 4)};
        OpCheck.assertGradients(tableAndTurn, 1e-4, 1e-6, OpCheck.normal(random, 1, true, 1, t, 8), OpCheck.ints(upTo(t), 1, t));
    }

    private static int[] upTo(int n) {
        int[] all = new int[n];
        Arrays.setAll(all, i -> i);
        return all;
    }

    @Test
    void turningBackUndoesATurn() {
        Random random = new Random(1);
        double[] angles = OpCheck.outcome(table(RotaryFrequencies.plain(24, 10000)), OpCheck.ints(upTo(6), 2, 3)).kernel().get(0);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 2, 3, 48);
        OpCheck.Input table = OpCheck.floats(angles, false, 2, 3, 24);
        OpCheck.Input turned = OpCheck.floats(OpCheck.outcome(turn(24), x, table).kernel().get(0), true, 2, 3, 48);
        double[] back = OpCheck.outcome((sd, in) -> new SDVariable[] {Rotary.inverse(sd, "x", in[0], in[1], 24)}, turned, table).kernel().get(0);
        assertArrayEquals(x.values(), back, 1e-6);
    }

    @Test
    void kernelsAllocateNothing() {
        Random random = new Random(1);
        Allocations.assertNone(table(RotaryFrequencies.plain(34, 10000)), OpCheck.ints(upTo(6), 2, 3));
        Allocations.assertNone(turn(34), OpCheck.normal(random, 1, true, 2, 3, 68), OpCheck.normal(random, 1, false, 2, 3, 34));
    }

    @Test
    void bf16KernelsAllocateNothing() {
        Random random = new Random(1);
        Allocations.assertNoneNarrow(turn(34), OpCheck.normal(random, 1, true, 2, 3, 68), OpCheck.normal(random, 1, false, 2, 3, 34));
    }

    @Test
    void refusesShapesThatDoNotFit() {
        Random random = new Random(1);
        OpCheck.Input x = OpCheck.normal(random, 1, true, 1, 2, 12);
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(turn(8), x, OpCheck.normal(random, 1, false, 1, 2, 8)));
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(turn(3), x, OpCheck.normal(random, 1, false, 1, 2, 3)));
        assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(turn(4), x, OpCheck.normal(random, 1, false, 1, 3, 4)));
    }
}
