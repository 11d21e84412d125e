package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Bfloat16Test {
    /** Lower halves of a float: bf16 itself, its neighbours among floats, and the middle between two bf16s with its neighbours. */
    private static final int[] LOWER = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
    /** More than vectors of 16 floats and their rest. */
    private static final int MOST = 67;

    /** In exact arithmetic: a double holds the quotient by the unit of x, an integer for a bf16, and the product. */
    private static float nearest(float x) {
        double unit = Math.scalb(1.0, Math.max(Math.getExponent(x), Float.MIN_EXPONENT) - 7);
        return (float) (Math.rint(x / unit) * unit); // 2^128 is no float: infinity
    }

    private static float widened(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** Every bf16, each with every lower half: NaN with all kinds of payload, infinities, subnormals and both zeros among them. */
    private static ByteBuffer everyKind() {
        ByteBuffer all = Lanes.floats(LOWER.length << 16);
        for (int i = 0; i < LOWER.length << 16; i++) {
            all.putInt(i * Float.BYTES, i / LOWER.length << 16 | LOWER[i % LOWER.length]);
        }
        return all;
    }

    private static void assertNearest(int bits, short rounded) {
        float x = Float.intBitsToFloat(bits);
        if (Float.isNaN(x)) {
            assertTrue(Float.isNaN(widened(rounded)), () -> Integer.toHexString(bits) + " becomes " + Integer.toHexString(rounded));
        } else {
            int expected = Float.floatToRawIntBits(nearest(x));
            assertEquals(expected, rounded << 16, () -> Integer.toHexString(bits) + ", " + x);
        }
    }

    @Test
    void roundsToTheNearestAndOfTwoToTheEvenOne() {
        ByteBuffer all = everyKind();
        for (int i = 0; i < LOWER.length << 16; i++) {
            assertNearest(all.getInt(i * Float.BYTES), Bfloat16.of(Lanes.get(all, i)));
        }
        assertEquals(0x3f80, Bfloat16.of(0x1.01p0f), "1 + 2^-8 lies between 1 and 1 + 2^-7");
        assertEquals(0x3f82, Bfloat16.of(0x1.03p0f));
        assertEquals(0x7f80, Bfloat16.of(Float.MAX_VALUE), "overflow");
        assertEquals(0x7f7f, Bfloat16.of(Float.intBitsToFloat(0x7f7f7fff)));
        assertEquals((short) 0x8000, Bfloat16.of(-0f));
        assertEquals(0, Bfloat16.of(Float.MIN_VALUE));
    }

    /** Often enough that the loop over vectors is compiled on the way. */
    @Test
    void vectorsRoundEveryKindAsOneFloatIs() {
        ByteBuffer all = everyKind();
        int n = LOWER.length << 16;
        int part = 2048;
        short[] expected = new short[n];
        for (int i = 0; i < n; i++) {
            expected[i] = Bfloat16.of(Lanes.get(all, i));
        }
        for (int turn = 0; turn < 10; turn++) {
            ByteBuffer rounded = Lanes.floats(n);
            for (int from = 0; from < n; from += part) {
                Bfloat16.round(all, from, rounded, from, part);
            }
            assertArrayEquals(expected, halves(rounded, n));
        }
    }

    private static short[] halves(ByteBuffer b, int n) {
        short[] halves = new short[n];
        b.duplicate().order(Lanes.ORDER).asShortBuffer().get(halves);
        return halves;
    }

    @Test
    void wideningIsExactAndRoundingUndoesIt() {
        int n = 1 << 16;
        ByteBuffer every = Lanes.floats(n / 2);
        for (int i = 0; i < n; i++) {
            every.putShort(i * Short.BYTES, (short) i);
        }
        ByteBuffer wide = Lanes.floats(n);
        ByteBuffer back = Lanes.floats(n / 2);
        Bfloat16.widen(every, 0, wide, 0, n);
        Bfloat16.round(wide, 0, back, 0, n);
        for (int i = 0; i < n; i++) {
            assertEquals(i << 16, wide.getInt(i * Float.BYTES));
            boolean nan = Float.isNaN(widened((short) i));
            assertEquals(nan ? 0x7fc0 : (short) i, back.getShort(i * Short.BYTES), "a NaN becomes the NaN, all else itself");
        }
    }

    @Test
    void everyLengthAndPlaceGivesTheSameBitsAndTouchesNothingElse() {
        Random random = new Random(1);
        for (int n = 0; n <= MOST; n++) {
            for (int from = 0; from < 4; from++) {
                for (int to = 0; to < 4; to++) {
                    rounds(random, n, from, to);
                    widens(random, n, from, to);
                }
            }
        }
    }

    private static ByteBuffer random(Random random, int bytes) {
        byte[] content = new byte[bytes];
        random.nextBytes(content);
        ByteBuffer b = ByteBuffer.allocateDirect(bytes).order(Lanes.ORDER);
        b.put(0, content);
        return b;
    }

    private static byte[] content(ByteBuffer b) {
        byte[] content = new byte[b.capacity()];
        b.get(0, content);
        return content;
    }

    private static ByteBuffer copy(ByteBuffer b) {
        return ByteBuffer.allocateDirect(b.capacity()).order(Lanes.ORDER).put(0, content(b));
    }

    private static void rounds(Random random, int n, int from, int to) {
        ByteBuffer floats = random(random, (n + 8) * Float.BYTES);
        ByteBuffer expected = random(random, (n + 8) * Short.BYTES);
        ByteBuffer rounded = copy(expected);
        for (int i = 0; i < n; i++) {
            expected.putShort((to + i) * Short.BYTES, Bfloat16.of(Lanes.get(floats, from + i)));
        }
        Bfloat16.round(floats, from, rounded, to, n);
        assertArrayEquals(content(expected), content(rounded), () -> n + " from " + from + " to " + to);
    }

    private static void widens(Random random, int n, int from, int to) {
        ByteBuffer halves = random(random, (n + 8) * Short.BYTES);
        ByteBuffer expected = random(random, (n + 8) * Float.BYTES);
        ByteBuffer wide = copy(expected);
        for (int i = 0; i < n; i++) {
            expected.putInt((to + i) * Float.BYTES, halves.getShort((from + i) * Short.BYTES) << 16);
        }
        Bfloat16.widen(halves, from, wide, to, n);
        assertArrayEquals(content(expected), content(wide), () -> n + " from " + from + " to " + to);
    }

    /** As attention and the loss do with rows of their working memory. */
    @Test
    void roundsInPlace() {
        Random random = new Random(2);
        for (int n = 0; n <= MOST; n++) {
            for (int start = 0; start < 4; start++) {
                ByteBuffer floats = random(random, (n + 8) * Float.BYTES);
                ByteBuffer expected = copy(floats);
                Bfloat16.round(floats, start, expected, 2 * start, n);
                Bfloat16.round(floats, start, floats, 2 * start, n);
                assertArrayEquals(content(expected), content(floats), n + " from " + start);
            }
        }
    }
}
