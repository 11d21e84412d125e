package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/** Sums of squares, in double, row by row; rows without weight are not read. Panels share rows; then the rows are added up. */
final class HiddenDistanceKernel implements Kernel {
    @Override
    public Format input(LacunaOp op, int index) {
        return index < 2 ? Format.EITHER : Format.FP32;
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        int rows = in[0].spec().rows();
        int n = in[0].spec().size(2);
        ByteBuffer weights = in[2].bytes();
        double[] sums = new double[rows];
        Runnable[] calls = new Runnable[Math.min(panels, rows)];
        for (int p = 0; p < calls.length; p++) {
            calls[p] = panel(in, (int) ((long) rows * p / calls.length), (int) ((long) rows * (p + 1) / calls.length), sums);
        }
        ByteBuffer loss = out[0].bytes();
        Runnable total = () -> {
            double sum = 0;
            for (int row = 0; row < rows; row++) {
                float weight = Lanes.get(weights, row);
                if (weight != 0) {
                    sum += weight * (sums[row] / n);
                }
            }
            Lanes.put(loss, 0, (float) sum);
        };
        return new Runnable[][] {calls, {total}};
    }

    private static Runnable panel(Tensor[] in, int from, int to, double[] sums) {
        int n = in[0].spec().size(2);
        Elements h = new Elements(in[0], n);
        Elements teacher = new Elements(in[1], n);
        ByteBuffer weights = in[2].bytes();
        double[] lanes = new double[Lanes.WIDE];
        return () -> {
            for (int row = from; row < to; row++) {
                if (Lanes.get(weights, row) != 0) {
                    sums[row] = squares(h.floats(), h.read(row * n, n), teacher.floats(), teacher.read(row * n, n), n, lanes);
                }
            }
        };
    }

    /**
     * Σ (x − y)². The sums lie in {@code lanes} between the steps, since some compilations of the loop box a vector of doubles that is carried around it,
     * once a row.
     */
    private static double squares(ByteBuffer x, int xi, ByteBuffer y, int yi, int n, double[] lanes) {
        Arrays.fill(lanes, 0);
        int i = 0;
        for (; i <= n - Lanes.WIDE; i += Lanes.WIDE) {
            DoubleVector d = Lanes.widen(x, xi + i).sub(Lanes.widen(y, yi + i));
            DoubleVector.fromArray(Lanes.D, lanes, 0).add(d.mul(d)).intoArray(lanes, 0);
        }
        for (int lane = 0; i < n; i++, lane++) {
            double d = (double) Lanes.get(x, xi + i) - Lanes.get(y, yi + i);
            lanes[lane] += d * d;
        }
        double total = 0;
        for (int lane = 0; lane < Lanes.WIDE; lane++) {
            total += lanes[lane];
        }
        return total;
    }
}
