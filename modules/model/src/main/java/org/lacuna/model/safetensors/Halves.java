package org.lacuna.model.safetensors;

/** Floats of 16 bits, IEEE 754 binary16 and bfloat16: Java 17 has no conversions of its own. */
final class Halves {
    private static final int NAN = 0x7fc0_0000;
    /** From here on a binary16, where a float has its exponent and fraction, is infinity or NaN. */
    private static final int INFINITE = 0x7c00 << 13;

    private Halves() {}

    /** to[i] = the value of the binary16 with the bits from[i], exactly, for i &lt; n. */
    static void widen(short[] from, float[] to, int n) {
        for (int i = 0; i < n; i++) {
            to[i] = toFloat(from[i]);
        }
    }

    /** to[i] = the value of the bfloat16 with the bits from[i], exactly, for i &lt; n. */
    static void widenBfloat16(short[] from, float[] to, int n) {
        for (int i = 0; i < n; i++) {
            to[i] = Float.intBitsToFloat(from[i] << 16);
        }
    }

    /**
     * to[i] = the bits of the bfloat16 nearest to from[i], of two the even one, for i &lt; n. NaN stays NaN; from half a step
     * above the largest bfloat16 on it is infinity.
     */
    static void roundToBfloat16(float[] from, short[] to, int n) {
        for (int i = 0; i < n; i++) {
            to[i] = toBfloat16(from[i]);
        }
    }

    private static short toBfloat16(float x) {
        int bits = Float.floatToRawIntBits(x);
        int rounded = Float.isNaN(x) ? NAN : bits + (bits >>> 16 & 1) + 0x7fff;
        return (short) (rounded >>> 16);
    }

    /** Without branches that the sign or the size of a number decides: those of weights are not to be foretold. */
    private static float toFloat(short bits) {
        int magnitude = (bits & 0x7fff) << 13;
        int sign = (bits & 0x8000) << 16;
        // The product moves the exponent's bias from 15 to 127 and is exact, for subnormal numbers too.
        int value = magnitude < INFINITE ? Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) * 0x1p112f) : magnitude | 0x7f80_0000;
        return Float.intBitsToFloat(value | sign);
    }
}
