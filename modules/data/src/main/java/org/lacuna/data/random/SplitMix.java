package org.lacuna.data.random;

/**
 * The SplitMix64 generator (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014): 64 bits
 * of state, integers only, so that a seed gives the same numbers on every JVM and the state fits a checkpoint.
 */
public final class SplitMix {

    private static final long GAMMA = 0x9E3779B97F4A7C15L;

    private long state;

    /**
     * A generator that starts at a state.
     *
     * @param state a seed, or what {@link #state()} gave
     */
    public SplitMix(long state) {
        this.state = state;
    }

    /**
     * A generator for one of several streams of a seed: streams of near seeds and numbers have nothing in common.
     *
     * @param seed   the seed
     * @param stream number of the stream
     * @return the generator
     */
    public static SplitMix stream(long seed, long stream) {
        return new SplitMix(mix(mix(seed + GAMMA) ^ (stream * GAMMA + GAMMA)));
    }

    /**
     * All there is to save.
     *
     * @return the state
     */
    public long state() {
        return state;
    }

    /**
     * The next 64 random bits.
     *
     * @return any long
     */
    public long next() {
        state += GAMMA;
        return mix(state);
    }

    /**
     * A number from 0 to bound − 1, each exactly as likely (draws that would favour one are drawn again).
     *
     * @param bound at least 1
     * @return the number
     */
    public long below(long bound) {
        if (bound < 1) {
            throw new IllegalArgumentException("bound " + bound);
        }
        while (true) {
            long bits = next() >>> 1;
            long value = bits % bound;
            if (bits - value + (bound - 1) >= 0) {
                return value;
            }
        }
    }

    /**
     * Scatters 64 bits (the generator's output function).
     *
     * @param value any
     * @return its image; different values have different ones
     */
    public static long mix(long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
