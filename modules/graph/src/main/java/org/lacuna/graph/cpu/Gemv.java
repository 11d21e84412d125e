package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.nd4j.linalg.api.buffer.DataType;

/** Products of a vector and a matrix that is read from memory, once. A result's bits depend on no other that is asked for with it. */
final class Gemv {
    /** Floats that {@link #dots} works in. */
    static final int LANES = 4 * Lanes.WIDTH;
    /** Dot products at once. */
    private static final int FOUR = LANES / Lanes.WIDTH;
    /** Rows that are added up before the sum so far is read and written. */
    private static final int TOGETHER = 8;

    private Gemv() {}

    /**
     * y[yi + o] = Σ_i x[xi + i] · w[wi + o · apart + i] for i &lt; n and o &lt; outputs; indices count elements. Terms are added up in
     * lanes, lanes pairwise, and then what whole vectors do not cover.
     *
     * @param type of x and w: FLOAT or BFLOAT16; y is of floats
     * @param lanes {@link #LANES} floats to work in
     */
    static void dots(DataType type, ByteBuffer x, int xi, int n, ByteBuffer w, int wi, int apart, int outputs, ByteBuffer y, int yi, float[] lanes) {
        boolean narrow = type == DataType.BFLOAT16;
        int whole = n - n % (narrow ? 2 * Lanes.WIDTH : Lanes.WIDTH);
        int o = 0;
        for (; o <= outputs - FOUR; o += FOUR) {
            if (narrow) {
                fourNarrow(x, xi, whole, w, wi + o * apart, apart, y, yi + o, lanes);
            } else {
                four(x, xi, whole, w, wi + o * apart, apart, y, yi + o, lanes);
            }
        }
        for (; o < outputs; o++) {
            if (narrow) {
                oneNarrow(x, xi, whole, w, wi + o * apart, y, yi + o, lanes);
            } else {
                one(x, xi, whole, w, wi + o * apart, y, yi + o, lanes);
            }
        }
        if (whole < n) {
            addRest(narrow, x, xi, whole, n, w, wi, apart, outputs, y, yi);
        }
    }

    /** Four at once: each addition waits for the one before it, and these wait together; and they share the loads of x. */
    private static void four(ByteBuffer x, int xi, int n, ByteBuffer w, int wi, int apart, ByteBuffer y, int yi, float[] lanes) {
        FloatVector a = FloatVector.zero(Lanes.F);
        FloatVector b = FloatVector.zero(Lanes.F);
        FloatVector c = FloatVector.zero(Lanes.F);
        FloatVector d = FloatVector.zero(Lanes.F);
        int bi = wi + apart;
        int ci = bi + apart;
        int di = ci + apart;
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            FloatVector v = Lanes.load(x, xi + i);
            a = Lanes.load(w, wi + i).fma(v, a);
            b = Lanes.load(w, bi + i).fma(v, b);
            c = Lanes.load(w, ci + i).fma(v, c);
            d = Lanes.load(w, di + i).fma(v, d);
        }
        a.intoArray(lanes, 0);
        b.intoArray(lanes, Lanes.WIDTH);
        c.intoArray(lanes, 2 * Lanes.WIDTH);
        d.intoArray(lanes, 3 * Lanes.WIDTH);
        sums(lanes, FOUR, y, yi);
    }

    private static void one(ByteBuffer x, int xi, int n, ByteBuffer w, int wi, ByteBuffer y, int yi, float[] lanes) {
        FloatVector a = FloatVector.zero(Lanes.F);
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            a = Lanes.load(w, wi + i).fma(Lanes.load(x, xi + i), a);
        }
        a.intoArray(lanes, 0);
        sums(lanes, 1, y, yi);
    }

    private static void fourNarrow(ByteBuffer x, int xi, int n, ByteBuffer w, int wi, int apart, ByteBuffer y, int yi, float[] lanes) {
        FloatVector a = FloatVector.zero(Lanes.F);
        FloatVector b = FloatVector.zero(Lanes.F);
        FloatVector c = FloatVector.zero(Lanes.F);
        FloatVector d = FloatVector.zero(Lanes.F);
        int bi = wi + apart;
        int ci = bi + apart;
        int di = ci + apart;
        for (int i = 0; i < n; i += 2 * Lanes.WIDTH) {
            IntVector pairs = Lanes.pairs(x, xi + i);
            FloatVector even = Lanes.even(pairs);
            FloatVector odd = Lanes.odd(pairs);
            pairs = Lanes.pairs(w, wi + i);
            a = Lanes.odd(pairs).fma(odd, Lanes.even(pairs).fma(even, a));
            pairs = Lanes.pairs(w, bi + i);
            b = Lanes.odd(pairs).fma(odd, Lanes.even(pairs).fma(even, b));
            pairs = Lanes.pairs(w, ci + i);
            c = Lanes.odd(pairs).fma(odd, Lanes.even(pairs).fma(even, c));
            pairs = Lanes.pairs(w, di + i);
            d = Lanes.odd(pairs).fma(odd, Lanes.even(pairs).fma(even, d));
        }
        a.intoArray(lanes, 0);
        b.intoArray(lanes, Lanes.WIDTH);
        c.intoArray(lanes, 2 * Lanes.WIDTH);
        d.intoArray(lanes, 3 * Lanes.WIDTH);
        sums(lanes, FOUR, y, yi);
    }

    private static void oneNarrow(ByteBuffer x, int xi, int n, ByteBuffer w, int wi, ByteBuffer y, int yi, float[] lanes) {
        FloatVector a = FloatVector.zero(Lanes.F);
        for (int i = 0; i < n; i += 2 * Lanes.WIDTH) {
            IntVector v = Lanes.pairs(x, xi + i);
            IntVector pairs = Lanes.pairs(w, wi + i);
            a = Lanes.odd(pairs).fma(Lanes.odd(v), Lanes.even(pairs).fma(Lanes.even(v), a));
        }
        a.intoArray(lanes, 0);
        sums(lanes, 1, y, yi);
    }

    private static void sums(float[] lanes, int outputs, ByteBuffer y, int yi) {
        for (int o = 0; o < outputs; o++) {
            Lanes.put(y, yi + o, Lanes.sum(lanes, o * Lanes.WIDTH));
        }
    }

    private static void addRest(boolean narrow, ByteBuffer x, int xi, int from, int n, ByteBuffer w, int wi, int apart, int outputs, ByteBuffer y, int yi) {
        for (int o = 0; o < outputs; o++) {
            float sum = 0;
            for (int i = from; i < n; i++) {
                int at = wi + o * apart + i;
                sum += narrow ? Bfloat16.get(x, xi + i) * Bfloat16.get(w, at) : Lanes.get(x, xi + i) * Lanes.get(w, at);
            }
            Lanes.put(y, yi + o, Lanes.get(y, yi + o) + sum);
        }
    }

    /**
     * y[yi + i] += Σ_j w[wi + j] · v[vi + j · apart + i] for j &lt; rows and i &lt; n; all floats.
     */
    static void addRows(ByteBuffer w, int wi, int rows, ByteBuffer v, int vi, int apart, int n, ByteBuffer y, int yi) {
        int whole = n - n % Lanes.WIDTH;
        int j = 0;
        for (; j <= rows - TOGETHER; j += TOGETHER) {
            addEight(w, wi + j, v, vi + j * apart, apart, whole, y, yi);
        }
        for (; j < rows; j++) {
            addOne(Lanes.get(w, wi + j), v, vi + j * apart, whole, y, yi);
        }
        if (whole < n) {
            addLast(w, wi, rows, v, vi, apart, whole, n, y, yi);
        }
    }

    private static void addEight(ByteBuffer w, int wi, ByteBuffer v, int vi, int apart, int n, ByteBuffer y, int yi) {
        float a = Lanes.get(w, wi);
        float b = Lanes.get(w, wi + 1);
        float c = Lanes.get(w, wi + 2);
        float d = Lanes.get(w, wi + 3);
        float e = Lanes.get(w, wi + 4);
        float f = Lanes.get(w, wi + 5);
        float g = Lanes.get(w, wi + 6);
        float h = Lanes.get(w, wi + 7);
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            int at = vi + i;
            FloatVector sum = Lanes.load(v, at).mul(a);
            sum = Lanes.load(v, at + apart).fma(FloatVector.broadcast(Lanes.F, b), sum);
            sum = Lanes.load(v, at + 2 * apart).fma(FloatVector.broadcast(Lanes.F, c), sum);
            sum = Lanes.load(v, at + 3 * apart).fma(FloatVector.broadcast(Lanes.F, d), sum);
            sum = Lanes.load(v, at + 4 * apart).fma(FloatVector.broadcast(Lanes.F, e), sum);
            sum = Lanes.load(v, at + 5 * apart).fma(FloatVector.broadcast(Lanes.F, f), sum);
            sum = Lanes.load(v, at + 6 * apart).fma(FloatVector.broadcast(Lanes.F, g), sum);
            sum = Lanes.load(v, at + 7 * apart).fma(FloatVector.broadcast(Lanes.F, h), sum);
            Lanes.store(Lanes.load(y, yi + i).add(sum), y, yi + i);
        }
    }

    private static void addOne(float w, ByteBuffer v, int vi, int n, ByteBuffer y, int yi) {
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(v, vi + i).fma(FloatVector.broadcast(Lanes.F, w), Lanes.load(y, yi + i)), y, yi + i);
        }
    }

    /** The columns that whole vectors do not cover. */
    private static void addLast(ByteBuffer w, int wi, int rows, ByteBuffer v, int vi, int apart, int from, int n, ByteBuffer y, int yi) {
        for (int i = from; i < n; i++) {
            float sum = 0;
            for (int j = 0; j < rows; j++) {
                sum += Lanes.get(w, wi + j) * Lanes.get(v, vi + j * apart + i);
            }
            Lanes.put(y, yi + i, Lanes.get(y, yi + i) + sum);
        }
    }
}
