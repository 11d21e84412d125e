package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The upper half of a float: its sign, exponent and 8 significant bits. */
final class Bfloat16 {
    private static final VectorSpecies<Integer> BITS = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Short> HALVES = ShortVector.SPECIES_PREFERRED.withShape(VectorShape.forBitSize(BITS.vectorBitSize() / 2));
    private static final int NAN = 0x7fc0_0000;

    private Bfloat16() {}

    /** to[ti + i] = from[fi + i], exactly, for i &lt; n; indices count bf16s in {@code from} and floats in {@code to}. */
    static void widen(ByteBuffer from, int fi, ByteBuffer to, int ti, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            ShortVector halves = ShortVector.fromByteBuffer(HALVES, from, (fi + i) * Short.BYTES, Lanes.ORDER);
            // Not ZERO_EXTEND_S2I, which Java 17 does not convert to a larger shape.
            IntVector bits = ((IntVector) halves.convertShape(VectorOperators.S2I, BITS, 0)).lanewise(VectorOperators.LSHL, 16);
            Lanes.store(bits.reinterpretAsFloats(), to, ti + i);
        }
        for (; i < n; i++) {
            Lanes.put(to, ti + i, get(from, fi + i));
        }
    }

    /**
     * to[ti + i] = from[fi + i], to the nearest and of two the even one, for i &lt; n; indices count floats in {@code from} and
     * bf16s in {@code to}. NaN stays NaN; from half a step above the largest bf16 on it is infinity. {@code to} may be the same
     * memory if it does not start behind {@code from}: floats are read before their place is written.
     */
    static void round(ByteBuffer from, int fi, ByteBuffer to, int ti, int n) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector x = Lanes.load(from, fi + i);
            IntVector bits = x.reinterpretAsInts();
            IntVector rounded = bits.add(bits.lanewise(VectorOperators.LSHR, 16).and(1)).add(0x7fff);
            IntVector whole = rounded.blend(NAN, x.compare(VectorOperators.NE, x).cast(BITS));
            ShortVector halves = (ShortVector) whole.lanewise(VectorOperators.LSHR, 16).convertShape(VectorOperators.I2S, HALVES, 0);
            halves.intoByteBuffer(to, (ti + i) * Short.BYTES, Lanes.ORDER);
        }
        for (; i < n; i++) {
            to.putShort((ti + i) * Short.BYTES, of(Lanes.get(from, fi + i)));
        }
    }

    /** The element at {@code index} as a float. */
    static float get(ByteBuffer b, int index) {
        return Float.intBitsToFloat(b.getShort(index * Short.BYTES) << 16);
    }

    /** The bits of {@code x}, rounded as {@link #round} does. */
    static short of(float x) {
        int bits = Float.floatToRawIntBits(x);
        int rounded = Float.isNaN(x) ? NAN : bits + (bits >>> 16 & 1) + 0x7fff;
        return (short) (rounded >>> 16);
    }
}
