package org.lacuna.sparsity.measure;

/**
 * For how many tokens each neuron is non-zero: how many are dead, how many always on. Whole numbers, so it doesn't matter in which order tokens come
 * and who added them. What is dead on a few tokens may fire on the next: the summary says on how many.
 */
public final class NeuronUse {
    private final long[] active;
    private long tokens;

    /** Of that many neurons, at least 1. */
    public NeuronUse(int neurons) {
        if (neurons < 1) {
            throw new IllegalArgumentException("use of neurons needs at least 1, not " + neurons);
        }
        active = new long[neurons];
    }

    /** Adds a token by the mask of its non-zero neurons. */
    public void add(long[] mask) {
        Masks.check(mask, active.length);
        for (int word = 0; word < active.length + 63 >> 6; word++) {
            for (long bits = mask[word]; bits != 0; bits &= bits - 1) {
                active[(word << 6) + Long.numberOfTrailingZeros(bits)]++;
            }
        }
        tokens++;
    }

    /** Takes in what another worker added, of the same neurons. */
    public void merge(NeuronUse other) {
        if (other.active.length != active.length) {
            throw new IllegalArgumentException("use of " + active.length + " neurons and of " + other.active.length);
        }
        for (int j = 0; j < active.length; j++) {
            active[j] += other.active[j];
        }
        tokens += other.tokens;
    }

    /** For how many tokens that neuron was non-zero. */
    public long active(int neuron) {
        return active[neuron];
    }

    /**
     * What the tokens showed.
     *
     * @throws IllegalStateException if there was no token: all neurons would be dead and always on
     */
    public Summary summary() {
        if (tokens == 0) {
            throw new IllegalStateException("no token was added, so that nothing is known of the neurons");
        }
        int dead = 0;
        int alwaysOn = 0;
        for (long of : active) {
            dead += of == 0 ? 1 : 0;
            alwaysOn += of == tokens ? 1 : 0;
        }
        return new Summary(active.length, tokens, dead, alwaysOn);
    }

    /**
     * Neurons by their use.
     *
     * @param neurons  all of them
     * @param tokens   on which they were seen
     * @param dead     those that were 0 for every one
     * @param alwaysOn those that were 0 for none
     */
    public record Summary(int neurons, long tokens, int dead, int alwaysOn) {
    }
}
