package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** Sums of magnitudes, in double, and counts of zeros, row by row; rows without weight are not read. */
final class L1Kernel implements Kernel {
    @Override
    public Format input(LacunaOp op, int index) {
        return index == 0 ? Format.EITHER : Format.FP32;
    }

    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        ByteBuffer weights = in[1].bytes();
        ByteBuffer penalty = out[0].bytes();
        ByteBuffer count = out[1].bytes();
        int n = in[0].spec().size(2);
        int rows = in[0].spec().rows();
        Elements v = new Elements(in[0], n);
        double[] lanes = new double[2 * Lanes.WIDE];
        return () -> {
            double sum = 0;
            double zeros = 0;
            for (int row = 0; row < rows; row++) {
                float weight = Lanes.get(weights, row);
                if (weight > 0) {
                    row(v.floats(), v.read(row * n, n), n, lanes);
                    sum += weight * total(lanes, 0);
                    zeros += total(lanes, Lanes.WIDE);
                }
            }
            Lanes.put(penalty, 0, (float) sum);
            count.putLong(0, (long) zeros);
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
