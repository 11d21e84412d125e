package org.lacuna.graph.penalty;

import java.nio.ByteBuffer;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.cpu.Lanes;

/** Loops of the penalties that are made of Σ_j |v_j|. */
final class Magnitudes {
    private Magnitudes() {}

    /** Σ_j |v_j| in double. */
    static double valueSum(ByteBuffer v, int at, int n, double[] work) {
        valueLanes(v, at, n, work);
        return total(work, 0, Lanes.WIDE);
    }

    /** The sums of what belongs to each lane. Two run side by side, since one would wait for each addition. */
    private static void valueLanes(ByteBuffer v, int at, int n, double[] lanes) {
        DoubleVector even = DoubleVector.zero(Lanes.D);
        DoubleVector odd = DoubleVector.zero(Lanes.D);
        int i = 0;
        for (; i <= n - 2 * Lanes.WIDE; i += 2 * Lanes.WIDE) {
            even = even.add(Lanes.widen(v, at + i).abs());
            odd = odd.add(Lanes.widen(v, at + i + Lanes.WIDE).abs());
        }
        even.add(odd).intoArray(lanes, 0);
        for (; i < n; i++) {
            lanes[i % Lanes.WIDE] += Math.abs(Lanes.get(v, at + i));
        }
    }

    /** The sum of {@code n} doubles from {@code from} on, in their order. */
    static double total(double[] lanes, int from, int n) {
        double sum = 0;
        for (int lane = 0; lane < n; lane++) {
            sum += lanes[from + lane];
        }
        return sum;
    }

    /** dv_j = size · sign(v_j), 0 where v_j is 0. */
    static void gradientSigns(ByteBuffer v, int at, int n, float size, ByteBuffer dv, int to) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector x = Lanes.load(v, at + i);
            FloatVector d = FloatVector.zero(Lanes.F).blend(size, x.compare(VectorOperators.GT, 0)).blend(-size, x.compare(VectorOperators.LT, 0));
            Lanes.store(d, dv, to + i);
        }
        for (; i < n; i++) {
            float x = Lanes.get(v, at + i);
            Lanes.put(dv, to + i, x > 0 ? size : x < 0 ? -size : 0);
        }
    }
}
