package org.lacuna.data;

/** Token ids in an array. */
public final class IdTokens extends ArrayTokens {

    private final int[] ids;

    /**
     * A stretch of an array, which is not copied: nobody may change it afterwards.
     *
     * @param ids  token ids
     * @param from the first token
     * @param to   the one after the last
     */
    public IdTokens(int[] ids, int from, int to) {
        super(from, to, ids.length);
        this.ids = ids;
    }

    @Override
    int id(int place) {
        return ids[place];
    }

    @Override
    void fill(int place, int[] into, int offset, int count) {
        System.arraycopy(ids, place, into, offset, count);
    }
}
