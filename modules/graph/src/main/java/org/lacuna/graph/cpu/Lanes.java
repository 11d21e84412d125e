package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.lacuna.graph.Tensor;

/**
 * What the kernels share: loads and stores at float indices, and the functions whose bits must not depend on whether
 * the JVM interprets or has compiled them ({@code lanewise(EXP)} and {@code reduceLanes(ADD)} may).
 */
public final class Lanes {
    /** The CPU's widest vector of floats. */
    public static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    /** Floats in a vector; a power of two. */
    public static final int WIDTH = F.length();
    /** The CPU's widest vector of doubles. */
    public static final VectorSpecies<Double> D = DoubleVector.SPECIES_PREFERRED;
    /** Doubles in a vector: half of {@link #WIDTH}. */
    public static final int WIDE = D.length();
    /** The CPU's widest vector of ints: as many as of floats. */
    static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Float> HALF = FloatVector.SPECIES_PREFERRED.withShape(VectorShape.forBitSize(F.vectorBitSize() / 2));
    private static final int ALIGNMENT = 64;
    static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

    private Lanes() {}

    /** Memory for {@code n} floats and up to whole vectors, aligned. */
    public static ByteBuffer floats(int n) {
        int whole = (n + WIDTH - 1) / WIDTH * WIDTH;
        // The slice ends at a multiple of the alignment too.
        int bytes = (whole * Float.BYTES + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        return ByteBuffer.allocateDirect(bytes + ALIGNMENT).alignedSlice(ALIGNMENT).order(ORDER);
    }

    /** The floats from element {@code index} on. */
    public static FloatVector load(ByteBuffer b, int index) {
        return FloatVector.fromByteBuffer(F, b, index * Float.BYTES, ORDER);
    }

    static FloatVector load(ByteBuffer b, int index, VectorMask<Float> mask) {
        return FloatVector.fromByteBuffer(F, b, index * Float.BYTES, ORDER, mask);
    }

    /** Writes the floats from element {@code index} on. */
    public static void store(FloatVector v, ByteBuffer b, int index) {
        v.intoByteBuffer(b, index * Float.BYTES, ORDER);
    }

    static void store(FloatVector v, ByteBuffer b, int index, VectorMask<Float> mask) {
        v.intoByteBuffer(b, index * Float.BYTES, ORDER, mask);
    }

    /** {@code 2 · WIDTH} bf16s from element {@code index} on, two in each lane. */
    static IntVector pairs(ByteBuffer b, int index) {
        return IntVector.fromByteBuffer(I, b, index * Short.BYTES, ORDER);
    }

    /** Of each pair the first, as a float. */
    static FloatVector even(IntVector pairs) {
        return pairs.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    /** Of each pair the second, as a float. */
    static FloatVector odd(IntVector pairs) {
        return pairs.and(0xffff_0000).reinterpretAsFloats();
    }

    /** {@link #WIDE} floats from element {@code index} on, as doubles. */
    public static DoubleVector widen(ByteBuffer b, int index) {
        return (DoubleVector) FloatVector.fromByteBuffer(HALF, b, index * Float.BYTES, ORDER).convertShape(VectorOperators.F2D, D, 0);
    }

    /** Writes {@link #WIDE} doubles from element {@code index} on, rounded to floats. */
    public static void narrow(DoubleVector v, ByteBuffer b, int index) {
        ((FloatVector) v.convertShape(VectorOperators.D2F, HALF, 0)).intoByteBuffer(b, index * Float.BYTES, ORDER);
    }

    /** The mask of the {@code n - i} elements that are left where {@code i} is the last index reached by whole vectors. */
    static VectorMask<Float> tail(int i, int n) {
        return F.indexInRange(i, n);
    }

    /** The float at element {@code index}. */
    public static float get(ByteBuffer b, int index) {
        return b.getFloat(index * Float.BYTES);
    }

    /** Writes the float at element {@code index}. */
    public static void put(ByteBuffer b, int index, float value) {
        b.putFloat(index * Float.BYTES, value);
    }

    /** b[from..to) = value. */
    static void fill(ByteBuffer b, int from, int to, float value) {
        int i = from;
        for (; i <= to - WIDTH; i += WIDTH) {
            // Made in the loop: before it, the compiler boxes it on the heap for the calls that never enter the loop.
            store(FloatVector.broadcast(F, value), b, i);
        }
        for (; i < to; i++) {
            put(b, i, value);
        }
    }

    /** Zeroes the rows of a matrix from row {@code from} on. */
    static void zeroBehind(Tensor t, int from) {
        zeroRows(t, from, t.spec().size(0));
    }

    /** Zeroes the rows of a matrix from row {@code from} to before row {@code to}. */
    static void zeroRows(Tensor t, int from, int to) {
        int row = t.spec().size(1) * t.spec().elementBytes();
        ByteBuffer b = t.bytes();
        int end = to * row;
        int i = from * row;
        for (; i % Float.BYTES != 0 && i < end; i++) {
            b.put(i, (byte) 0);
        }
        fill(b, i / Float.BYTES, end / Float.BYTES, 0);
        for (i = Math.max(i, end / Float.BYTES * Float.BYTES); i < end; i++) {
            b.put(i, (byte) 0);
        }
    }

    /**
     * The sum of the lanes, in one stated order: halves added pairwise.
     *
     * @param lanes at least {@link #WIDTH} floats to work in
     */
    static float sum(FloatVector v, float[] lanes) {
        v.intoArray(lanes, 0);
        return sum(lanes, 0);
    }

    /** The same of a vector that lies in {@code lanes} from {@code at} on; what lies there changes. */
    static float sum(float[] lanes, int at) {
        for (int half = WIDTH / 2; half > 0; half /= 2) {
            for (int i = at; i < at + half; i++) {
                lanes[i] += lanes[i + half];
            }
        }
        return lanes[at];
    }

    /** The largest lane; NaN if there is one. Order does not matter for a maximum. */
    static float max(FloatVector v) {
        return v.reduceLanes(VectorOperators.MAX);
    }

    /**
     * e^x to 1 ulp for −87.3 ≤ x ≤ 88.3; beyond, the value at that end. NaN stays NaN.
     * x = k·ln 2 + r with |r| ≤ ln 2 / 2, by Cody and Waite's two-part ln 2; e^r = 1 + r + r²·q(r), q a Chebyshev fit
     * of degree 4 (relative error of e^r 8e-9); −126 ≤ k ≤ 127, so that 2^k is made by its exponent bits.
     */
    public static FloatVector exp(FloatVector x) {
        FloatVector c = x.max(-87.3f).min(88.3f);
        FloatVector shifted = c.mul(1.4426950408889634f).add(12582912f);
        FloatVector k = shifted.sub(12582912f);
        FloatVector r = k.neg().fma(FloatVector.broadcast(F, 0.693145751953125f), c);
        r = k.neg().fma(FloatVector.broadcast(F, 1.428606765330187e-06f), r);
        FloatVector q = r.fma(FloatVector.broadcast(F, 0.0013926354004070163f), FloatVector.broadcast(F, 0.008363315835595131f));
        q = q.fma(r, FloatVector.broadcast(F, 0.04166655242443085f));
        q = q.fma(r, FloatVector.broadcast(F, 0.16666576266288757f));
        q = q.fma(r, FloatVector.broadcast(F, 0.5f));
        FloatVector p = r.mul(r).fma(q, r).add(1f);
        FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23)
                .add(0x3f800000).reinterpretAsFloats();
        return p.mul(power);
    }

    /**
     * e^x to a relative error of 3e-10, a hundredth of a float's last place, for |x| ≤ 700; beyond, the value at that end.
     * NaN stays NaN. x = k·ln 2 + r as in {@link #exp(FloatVector)}, q a Chebyshev fit of degree 5; k is added to the
     * exponent bits of e^r.
     */
    public static DoubleVector exp(DoubleVector x) {
        DoubleVector c = x.max(-700).min(700);
        DoubleVector shifted = c.fma(DoubleVector.broadcast(D, 1.4426950408889634), DoubleVector.broadcast(D, 0x1.8p52));
        DoubleVector k = shifted.sub(0x1.8p52);
        DoubleVector r = k.fma(DoubleVector.broadcast(D, -0.6931471805599453), c);
        DoubleVector q = r.fma(DoubleVector.broadcast(D, 0.00019890990824673654), DoubleVector.broadcast(D, 0.0013933649996309251));
        q = q.fma(r, DoubleVector.broadcast(D, 0.0083333109254809));
        q = q.fma(r, DoubleVector.broadcast(D, 0.041666464925285904));
        q = q.fma(r, DoubleVector.broadcast(D, 0.16666666681623232));
        q = q.fma(r, DoubleVector.broadcast(D, 0.500000001346581));
        DoubleVector p = r.mul(r).fma(q, r).add(1);
        return p.reinterpretAsLongs().add(shifted.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 52)).reinterpretAsDoubles();
    }

    /** Each lane's bits mixed by MurmurHash3's finaliser for 32 bits: numbers that follow each other give what looks random. */
    static IntVector mix(IntVector h) {
        IntVector x = h.lanewise(VectorOperators.XOR, h.lanewise(VectorOperators.LSHR, 16)).mul(0x85ebca6b);
        x = x.lanewise(VectorOperators.XOR, x.lanewise(VectorOperators.LSHR, 13)).mul(0xc2b2ae35);
        return x.lanewise(VectorOperators.XOR, x.lanewise(VectorOperators.LSHR, 16));
    }
}
