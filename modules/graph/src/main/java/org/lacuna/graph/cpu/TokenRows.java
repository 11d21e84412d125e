package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;

/**
 * The vectors of a tensor [B, T, n], one sequence at a time, for loops that compute in float whichever format it is stored in. The
 * vectors of a few neighbouring tokens are readable at once, see the constructor.
 */
public final class TokenRows {
    /** They take turns; a power of two, since a row is short and a division long. */
    private final Elements[] turns;
    private final ByteBuffer weights;
    private final int tokens;
    private final int n;
    /** The row of the sequence's first token. */
    private int first;

    /**
     * @param rows FLOAT or BFLOAT16 [B, T, n]
     * @param weights FLOAT [B, T]
     * @param readable how many neighbouring tokens' vectors are readable at once
     */
    TokenRows(Tensor rows, Tensor weights, int readable) {
        tokens = rows.spec().size(1);
        n = rows.spec().size(2);
        this.weights = weights.bytes();
        turns = new Elements[Integer.highestOneBit(2 * readable - 1)];
        for (int i = 0; i < turns.length; i++) {
            turns[i] = new Elements(rows, n);
        }
    }

    /** Goes to a sequence; tokens are counted from its beginning. */
    void sequence(int index) {
        first = index * tokens;
    }

    /** The weight of token {@code t}; 0 where there is no such token. */
    public float weight(int t) {
        return t < 0 || t >= tokens ? 0 : Lanes.get(weights, first + t);
    }

    /** Whether there is a token {@code t} and its weight is positive. The vectors of others are not to be read. */
    public boolean counts(int t) {
        return weight(t) > 0;
    }

    /** Where the vector of token {@code t} is while it is read or written: its first element is at what {@link #read} or {@link #place} returned. */
    public ByteBuffer floats(int t) {
        return turns[t & turns.length - 1].floats();
    }

    /** Makes the vector of token {@code t} readable; returns the index of its first element in {@link #floats}. */
    public int read(int t) {
        return turns[t & turns.length - 1].read((first + t) * n, n);
    }

    /** Where to write the vector of token {@code t}, as an index into {@link #floats}. */
    public int place(int t) {
        return turns[t & turns.length - 1].place((first + t) * n);
    }

    /** Keeps the vector of token {@code t} that was written from {@link #place} on. */
    public void written(int t) {
        turns[t & turns.length - 1].written((first + t) * n, n);
    }

    /** Writes zeros. */
    void clear(int t) {
        int at = place(t);
        Lanes.fill(floats(t), at, at + n, 0);
        written(t);
    }
}
