package org.lacuna.run.memory;

import java.util.Locale;

/** Bytes as people read them. */
public final class Megabytes {
    private static final double MEGABYTE = 1 << 20;
    /** Below, a megabyte's tenths are told. */
    private static final int TEN = 10;

    private Megabytes() {}

    /** The number of megabytes (2²⁰ bytes), without the unit: {@code 3.2}, {@code 1,024}. */
    public static String of(long bytes) {
        double megabytes = bytes / MEGABYTE;
        return String.format(Locale.ROOT, megabytes < TEN ? "%.1f" : "%,.0f", megabytes);
    }
}
