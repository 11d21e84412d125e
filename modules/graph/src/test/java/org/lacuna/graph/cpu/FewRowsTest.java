package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.graph.Precision;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.Linear;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/** Linear layers on few rows; bf16 on any CPU, since these products need no library. */
class FewRowsTest {
    private static final CpuDevice DEVICE = new CpuDevice();
    private static final GemmLibrary GEMMS = GemmChoice.library(Precision.FP32);

    /** Two layers of {@code inner} inputs, the second with 5 outputs more. */
    private record Call(int rows, int inner, int outputs, boolean biased, DataType factors, DataType results, Tensor[] in, Tensor[] out) {
        static Call of(int rows, int inner, int outputs, boolean biased, DataType factors, DataType results) {
            Random random = new Random(inner);
            List<Tensor> in = new ArrayList<>(List.of(random(random, factors, 1, rows, inner), random(random, factors, outputs, inner), random(random, factors, outputs + 5, inner)));
            if (biased) {
                in.add(random(random, DataType.FLOAT, outputs));
                in.add(random(random, DataType.FLOAT, outputs + 5));
            }
            Tensor[] out = {DEVICE.allocate(new TensorSpec("a", results, 1, rows, outputs)), DEVICE.allocate(new TensorSpec("b", results, 1, rows, outputs + 5))};
            return new Call(rows, inner, outputs, biased, factors, results, in.toArray(Tensor[]::new), out);
        }

        private static Tensor random(Random random, DataType type, long... shape) {
            Tensor t = DEVICE.allocate(new TensorSpec("t", type, shape));
            for (int i = 0; i < t.length(); i++) {
                if (type == DataType.FLOAT) {
                    t.setFloat(i, (float) random.nextGaussian());
                } else {
                    t.bytes().putShort(i * 2, Bfloat16.of((float) random.nextGaussian()));
                }
            }
            return t;
        }

        private Linear op() {
            SameDiff sd = SameDiff.create();
            List<SDVariable> args = new ArrayList<>();
            for (int i = 0; i < in.length; i++) {
                args.add(sd.placeHolder("in" + i, DataType.FLOAT, in[i].shape()));
            }
            Linear.of(sd, List.of("a", "b"), args.get(0), args.subList(1, 3), args.subList(3, args.size()));
            return (Linear) sd.ops()[0];
        }

        Runnable[][] bind(int panels) {
            return new LinearKernel(GEMMS).bind(op(), in, out, null, panels);
        }

        /** The outputs of a run in panels, the last one first, over rubbish. */
        List<double[]> run(int panels) {
            for (Tensor t : out) {
                for (int i = 0; i < t.bytes().capacity() / 2; i++) {
                    t.bytes().putShort(i * 2, (short) 0x7fc0);
                }
            }
            for (Runnable[] phase : bind(panels)) {
                for (int p = phase.length - 1; p >= 0; p--) {
                    phase[p].run();
                }
            }
            return List.of(BoundOp.values(out[0]), BoundOp.values(out[1]));
        }

        void check(List<double[]> found) {
            double[] x = BoundOp.values(in[0]);
            for (int j = 0; j < 2; j++) {
                double[] w = BoundOp.values(in[1 + j]);
                double[] bias = biased ? BoundOp.values(in[3 + j]) : new double[outputs + 5];
                int width = outputs + 5 * j;
                for (int at = 0; at < rows * width; at++) {
                    double sum = bias[at % width];
                    double magnitudes = Math.abs(sum);
                    for (int i = 0; i < inner; i++) {
                        double term = x[at / width * inner + i] * w[at % width * inner + i];
                        sum += term;
                        magnitudes += Math.abs(term);
                    }
                    double bound = OpCheck.sumError(inner + 1) * magnitudes + (results == DataType.FLOAT ? 0 : OpCheck.NARROW * (Math.abs(sum) + 1e-4));
                    assertEquals(sum, found.get(j)[at], bound, this + ", layer " + j + ", element " + at);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 7, 3", "2, 16, 16", "3, 33, 17", "4, 64, 48", "1, 65, 130", "4, 100, 35", "1, 513, 70", "2, 31, 4"})
    void keepTheirBoundsInAnyPanels(int rows, int inner, int outputs) {
        for (boolean biased : new boolean[] {false, true}) {
            for (DataType factors : List.of(DataType.FLOAT, DataType.BFLOAT16)) {
                for (DataType results : List.of(DataType.FLOAT, DataType.BFLOAT16)) {
                    Call call = Call.of(rows, inner, outputs, biased, factors, results);
                    List<double[]> one = call.run(1);
                    call.check(one);
                    for (int panels : new int[] {2, 3, 7}) {
                        List<double[]> shared = call.run(panels);
                        assertArrayEquals(one.get(0), shared.get(0), call + ", " + panels + " panels");
                        assertArrayEquals(one.get(1), shared.get(1), call + ", " + panels + " panels");
                    }
                }
            }
        }
    }

    /** Each row has the bits that it has alone. */
    @Test
    void aRowDependsOnNoOther() {
        for (DataType factors : List.of(DataType.FLOAT, DataType.BFLOAT16)) {
            Call all = Call.of(4, 45, 20, false, factors, DataType.FLOAT);
            double[] together = all.run(1).get(0);
            Call one = Call.of(1, 45, 20, false, factors, DataType.FLOAT);
            System.arraycopy(all.in, 1, one.in, 1, 2);
            for (int row = 0; row < 4; row++) {
                one.in[0].bytes().put(0, all.in[0].bytes(), row * one.in[0].bytes().capacity(), one.in[0].bytes().capacity());
                double[] alone = one.run(1).get(0);
                for (int o = 0; o < 20; o++) {
                    assertEquals(alone[o], together[row * 20 + o], "row " + row + ", output " + o);
                }
            }
        }
    }

    @Test
    void workersShareOneRow() {
        Call call = Call.of(1, 64, 70, false, DataType.FLOAT, DataType.FLOAT);
        assertEquals(1, call.bind(3).length);
        assertEquals(3, call.bind(3)[0].length);
    }

    /** More rows are the library's, to the bit. */
    @Test
    void moreRowsGoToTheLibrary() {
        int rows = FewRows.MOST + 1;
        assertTrue(rows <= GEMMS.rowsAlike(), "what the library treats alike stays alike");
        Call call = Call.of(rows, 64, 70, false, DataType.FLOAT, DataType.FLOAT);
        Tensor y = DEVICE.allocate(new TensorSpec("y", DataType.FLOAT, rows, 70));
        GEMMS.bind(false, true, rows, 70, 64, Matrix.of(call.in[0]), Matrix.of(call.in[1]), false, Matrix.of(y)).run();
        assertArrayEquals(BoundOp.values(y), call.run(1).get(0));
    }

    @Test
    void allocateNothing() {
        for (DataType type : List.of(DataType.FLOAT, DataType.BFLOAT16)) {
            Call call = Call.of(2, 45, 19, true, type, type);
            Runnable run = call.bind(1)[0][0];
            Allocations.assertNone(type.toString(), run);
        }
    }
}
