package org.lacuna.data;

import java.util.Objects;

/** A stretch of an array of tokens: its length, and the checks that keep every access inside it. */
abstract class ArrayTokens implements TokenSequence {

    private final int from;
    private final int length;

    ArrayTokens(int from, int to, int arrayLength) {
        Objects.checkFromToIndex(from, to, arrayLength);
        this.from = from;
        this.length = to - from;
    }

    /** Copies tokens from a place in the array; both sides are known to be long enough. */
    abstract void fill(int place, int[] into, int offset, int count);

    /** The token at a place in the array. */
    abstract int id(int place);

    /** The first token's place in the array. */
    final int from() {
        return from;
    }

    @Override
    public final long length() {
        return length;
    }

    @Override
    public final int at(long index) {
        return id(from + (int) Objects.checkIndex(index, (long) length));
    }

    @Override
    public final void copy(long start, int[] into, int offset, int count) {
        Objects.checkFromIndexSize(start, (long) count, (long) length);
        Objects.checkFromIndexSize(offset, count, into.length);
        fill(from + (int) start, into, offset, count);
    }
}
