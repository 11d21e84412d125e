package org.lacuna.model.safetensors;

/** Floats of 16 bits, IEEE 754 binary16 and bfloat16: Java 17 has no conversions of its own. */
final class Halves {
    private static final int NAN = 0x7fc0_0000;

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

    private static float toFloat(short bits) {
        int exponent = bits >> 10 & 0x1f;
        int fraction = bits & 0x3ff;
        float magnitude;
        if (exponent == 0) {
            magnitude = fraction * 0x1p-24f;
        } else if (exponent == 0x1f) {
            magnitude = fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
        } else {
            magnitude = Float.intBitsToFloat((exponent + 112) << 23 | fraction << 13);
        }
        return bits < 0 ? -magnitude : magnitude;
    }
}
