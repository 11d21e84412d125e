package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** Sums of magnitudes, in double, and counts of zeros, row by row; rows without weight are not read. Panels share rows; then the rows are added up. */
final class L1Kernel implements Kernel {
    @Override
    public Format input(LacunaOp op, int index) {
        return index == 0 ? Format.EITHER : Format.FP32;
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        int rows = in[0].spec().rows();
        ByteBuffer weights = in[1].bytes();
        double[] sums = new double[rows];
        double[] zeros = new double[rows];
        Runnable[] calls = new Runnable[Math.min(panels, rows)];
        for (int p = 0; p < calls.length; p++) {
            calls[p] = panel(in[0], weights, (int) ((long) rows * p / calls.length), (int) ((long) rows * (p + 1) / calls.length), sums, zeros);
        }
        ByteBuffer penalty = out[0].bytes();
        ByteBuffer count = out[1].bytes();
        Runnable total = () -> {
            double sum = 0;
            double none = 0;
            for (int row = 0; row < rows; row++) {
                float weight = Lanes.get(weights, row);
                if (weight > 0) {
                    sum += weight * sums[row];
                    none += zeros[row];
                }
            }
            Lanes.put(penalty, 0, (float) sum);
            count.putLong(0, (long) none);
        };
        return new Runnable[][] {calls, {total}};
    }

    private static Runnable panel(Tensor tensor, ByteBuffer weights, int from, int to, double[] sums, double[] zeros) {
        int n = tensor.spec().size(2);
        Elements v = new Elements(tensor, n);
        double[] lanes = new double[2 * Lanes.WIDE];
        return () -> {
            for (int row = from; row < to; row++) {
                if (Lanes.get(weights, row) > 0) {
                    row(v.floats(), v.read(row * n, n), n, lanes);
                    sums[row] = total(lanes, 0);
                    zeros[row] = total(lanes, Lanes.WIDE);
                }
            }
        };
    }

    /** The row's sum of magnitudes in the first half of {@code lanes}, its zeros in the second: what belongs to a lane in that. */
    private static void row(ByteBuffer v, int from, int n, double[] lanes) {
        DoubleVector sum = DoubleVector.zero(Lanes.D);
        DoubleVector zeros = DoubleVector.zero(Lanes.D);
        int i = 0;
        for (; i <= n - Lanes.WIDE; i += Lanes.WIDE) {
            DoubleVector x = Lanes.widen(v, from + i);
            sum = sum.add(x.abs());
            zeros = zeros.blend(zeros.add(1), x.compare(VectorOperators.EQ, 0));
        }
        sum.intoArray(lanes, 0);
        zeros.intoArray(lanes, Lanes.WIDE);
        for (int lane = 0; i < n; i++, lane++) {
            float x = Lanes.get(v, from + i);
            lanes[lane] += Math.abs(x);
            lanes[Lanes.WIDE + lane] += x == 0 ? 1 : 0;
        }
    }

    /** The sum of half of {@code lanes}, in their order. */
    private static double total(double[] lanes, int from) {
        double sum = 0;
        for (int lane = 0; lane < Lanes.WIDE; lane++) {
            sum += lanes[from + lane];
        }
        return sum;
    }
}
