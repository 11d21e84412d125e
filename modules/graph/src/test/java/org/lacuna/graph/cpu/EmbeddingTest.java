package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.graph.op.Embedding;
import org.lacuna.graph.op.EmbeddingGrad;
import org.lacuna.graph.op.LacunaOps;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class EmbeddingTest {
    private static final OpCheck.Build LOOKUP = (sd, in) -> new SDVariable[] {Embedding.of(sd, "x", in[0], in[1])};
    private static final OpCheck.Build GRADIENT = (sd, in) -> new SDVariable[] {EmbeddingGrad.of(sd, in[0], in[1], in[2], 0, 1)};

    private static OpCheck.Input ids(Random random, int size, int b, int t) {
        return OpCheck.ints(random.ints((long) b * t, 0, size).toArray(), b, t);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,17,3", "17,3,17", "257,33,1"})
    void kernelEqualsReference(int size, int width, int t) {
        Random random = new Random(size);
        OpCheck.Input table = OpCheck.normal(random, 1, true, size, width);
        OpCheck.Input ids = ids(random, size, 2, t);
        OpCheck.Outcome o = OpCheck.outcome(LOOKUP, table, ids);
        assertArrayEquals(o.reference().get(0), o.kernel().get(0));
        for (int r = 0; r < 2 * t; r++) {
            assertEquals(table.values()[(int) ids.values()[r] * width], o.kernel().get(0)[r * width]);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "1,17,17", "3,17,50", "17,3,17", "257,33,100"})
    void gradientKernelEqualsReference(int size, int width, int t) {
        Random random = new Random(size);
        OpCheck.Input dy = OpCheck.normal(random, 1, true, 2, t, width);
        OpCheck.Input ids = ids(random, size, 2, t);
        double[] nothing = new double[size * width];
        Arrays.fill(nothing, Double.NaN); // the table's values don't count
        OpCheck.Outcome o = OpCheck.outcome(GRADIENT, dy, OpCheck.floats(nothing, true, size, width), ids);
        double[] magnitudes = new double[size * width];
        int[] terms = new int[size];
        for (int r = 0; r < 2 * t; r++) {
            int id = (int) ids.values()[r];
            terms[id]++;
            for (int i = 0; i < width; i++) {
                magnitudes[id * width + i] += Math.abs(dy.values()[r * width + i]);
            }
        }
        for (int e = 0; e < magnitudes.length; e++) {
            OpCheck.assertSum(o.reference().get(0)[e], o.kernel().get(0)[e], terms[e / width], magnitudes[e]);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void gradientEqualsDifferences(int n) {
        Random random = new Random(n);
        OpCheck.assertGradients(LOOKUP, 1e-4, 1e-6, OpCheck.normal(random, 1, true, 4, n), OpCheck.ints(new int[] {2, 0, 2, 2, 3, 0}, 2, 3));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 5, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void anIdOutsideOfTheTableIsNamed(int id) {
        Random random = new Random(1);
        OpCheck.Input table = OpCheck.normal(random, 1, true, 5, 3);
        OpCheck.Input ids = OpCheck.ints(new int[] {0, 1, 2, 3, 4, id}, 2, 3);
        String where = "id " + id + " at [1, 2] is not in [0, 5)";
        assertEquals("lacuna_embedding: " + where, assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(LOOKUP, table, ids)).getMessage());
        OpCheck.Input dy = OpCheck.normal(random, 1, true, 2, 3, 3);
        assertEquals("lacuna_embedding_grad: " + where, assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(GRADIENT, dy, table, ids)).getMessage());
        LacunaOps.register();
        INDArray[] in = {table.array(DataType.FLOAT), ids.array(DataType.FLOAT)};
        INDArray[] out = {Nd4j.create(DataType.FLOAT, 2, 3, 3)};
        assertEquals("lacuna_embedding: " + where, assertThrows(IllegalArgumentException.class, () -> OpCheck.op(LOOKUP, table, ids).reference(in, out)).getMessage());
    }

    @ParameterizedTest
    @CsvSource({"2, 1", "0, 6.928203230275509", "3, 0.5"})
    void rowsAreTakenBehindTheOffsetAndScaled(int offset, double scale) {
        Random random = new Random(1);
        OpCheck.Build lookup = (sd, in) -> new SDVariable[] {Embedding.of(sd, "x", in[0], in[1], offset, scale)};
        OpCheck.Build gradient = (sd, in) -> new SDVariable[] {EmbeddingGrad.of(sd, in[0], in[1], in[2], offset, scale)};
        OpCheck.Input table = OpCheck.normal(random, 1, true, 5 + offset, 19);
        OpCheck.Input ids = OpCheck.ints(new int[] {0, 4, 4, 1, 3, 4}, 2, 3);
        OpCheck.Outcome x = OpCheck.outcome(lookup, table, ids);
        for (int i = 0; i < 6 * 19; i++) {
            double expected = scale * table.values()[(offset + (int) ids.values()[i / 19]) * 19 + i % 19];
            assertEquals(expected, x.reference().get(0)[i], 1e-15 * Math.abs(expected));
            assertEquals(expected, x.kernel().get(0)[i], 0x1p-22 * Math.abs(expected));
        }
        OpCheck.Input dy = OpCheck.normal(random, 1, true, 2, 3, 19);
        OpCheck.Outcome g = OpCheck.outcome(gradient, dy, table, ids);
        assertArrayEquals(g.reference().get(0), g.kernel().get(0), 1e-5);
        OpCheck.assertGradients(lookup, 1e-4, 1e-6, OpCheck.normal(random, 1, true, 5 + offset, 3), ids);
        OpCheck.Input outside = OpCheck.ints(new int[] {0, 1, 2, 3, 4, 5}, 2, 3);
        String message = assertThrows(IllegalArgumentException.class, () -> OpCheck.outcome(lookup, table, outside)).getMessage();
        assertEquals("lacuna_embedding: id 5 at [1, 2] is not in [0, 5)", message);
    }

    @Test
    void allocatesNothing() {
        Random random = new Random(1);
        OpCheck.Input table = OpCheck.normal(random, 1, true, 7, 19);
        OpCheck.Input ids = ids(random, 7, 2, 5);
        Allocations.assertNone(LOOKUP, table, ids);
        Allocations.assertNone(GRADIENT, OpCheck.normal(random, 1, true, 2, 5, 19), table, ids);
    }
}
