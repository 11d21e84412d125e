package org.lacuna.sparsity.rule;

import java.util.Arrays;

/**
 * Sorts magnitudes by falling size and, where equal, rising index, without allocating. An entry is a long: the key's complement above, the
 * index below, so that rising longs are the wanted order.
 */
final class KeySort {
    private static final int DIGIT_BITS = 8;
    private static final int DIGITS = 4;
    private static final int RADIX = 1 << DIGIT_BITS;
    /** Below this many entries, insertion is faster than counting digits. */
    private static final int FEW = 32;

    private final long[] spare;
    private final int[] counts = new int[DIGITS * RADIX];

    KeySort(int maxN) {
        spare = new long[maxN];
    }

    static long entry(int key, int index) {
        return (long) ~key << 32 & 0x7fffffff_00000000L | index;
    }

    static int key(long entry) {
        return ~(int) (entry >>> 32) & 0x7fffffff;
    }

    static int index(long entry) {
        return (int) entry;
    }

    /** Sorts {@code entries[0..n)}, whose indices rise. */
    void sort(long[] entries, int n) {
        if (n < FEW) {
            insert(entries, n);
        } else {
            countDigits(entries, n);
        }
    }

    private static void insert(long[] entries, int n) {
        for (int i = 1; i < n; i++) {
            long entry = entries[i];
            int j = i;
            while (j > 0 && entries[j - 1] > entry) {
                entries[j] = entries[j - 1];
                j--;
            }
            entries[j] = entry;
        }
    }

    /** Radix sort from the lowest digit of the key up. Each pass keeps the order of equal digits, so that equal keys stay by rising index. */
    private void countDigits(long[] entries, int n) {
        Arrays.fill(counts, 0);
        for (int i = 0; i < n; i++) {
            int key = (int) (entries[i] >>> 32);
            counts[key & 0xff]++;
            counts[RADIX + (key >>> 8 & 0xff)]++;
            counts[2 * RADIX + (key >>> 16 & 0xff)]++;
            counts[3 * RADIX + (key >>> 24)]++;
        }
        long[] from = entries;
        long[] to = spare;
        for (int digit = 0; digit < DIGITS; digit++) {
            int shift = 32 + digit * DIGIT_BITS;
            int base = digit * RADIX;
            if (counts[base + ((int) (from[0] >>> shift) & 0xff)] == n) {
                continue;
            }
            int next = 0;
            for (int i = base; i < base + RADIX; i++) {
                int count = counts[i];
                counts[i] = next;
                next += count;
            }
            for (int i = 0; i < n; i++) {
                long entry = from[i];
                to[counts[base + ((int) (entry >>> shift) & 0xff)]++] = entry;
            }
            long[] swap = from;
            from = to;
            to = swap;
        }
        if (from != entries) {
            System.arraycopy(from, 0, entries, 0, n);
        }
    }
}
