package org.lacuna.data;

import java.util.Objects;

/** Token ids in an array. */
public final class IdTokens implements TokenSequence {

    private final int[] ids;
    private final int from;
    private final int length;

    /**
     * A stretch of an array, which is not copied: nobody may change it afterwards.
     *
     * @param ids  token ids
     * @param from the first token
     * @param to   the one after the last
     */
    public IdTokens(int[] ids, int from, int to) {
        Objects.checkFromToIndex(from, to, ids.length);
        this.ids = ids;
        this.from = from;
        this.length = to - from;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public int at(long index) {
        return ids[from + (int) Objects.checkIndex(index, (long) length)];
    }

    @Override
    public void copy(long start, int[] into, int offset, int count) {
        Objects.checkFromIndexSize(start, (long) count, (long) length);
        System.arraycopy(ids, from + (int) start, into, offset, count);
    }
}
