package org.lacuna.graph.cpu;

/**
 * Goes through some of an attention call's key heads block by block: {@link AttentionSizes#BLOCK} rows of one head's queries, and the keys
 * that any of them sees. The fields tell of the block at hand.
 */
final class AttentionBlocks {
    private final AttentionSizes sizes;
    /** Where the block's queries start, in elements from the start of q; y and dy have the same layout. */
    int queryAt;
    /** Where the keys of the block's head start, in elements from the start of k; v has the same layout. */
    int headAt;
    /** The first of the head's keys that the block needs. */
    int firstKey;
    /** Where the block's log-sums start, in floats from the start of lse. */
    int lseAt;
    /** Query rows in the block. */
    int rows;
    /** For the forward pass: keys in the block's scores, a multiple of {@link Lanes#WIDTH}; the last ones may be beyond the sequence. */
    int keys;
    /** Whether the block is the first that reads its key head. */
    boolean first;
    /** Whether it is the last. */
    boolean last;
    private final int firstUnit;
    private final int endUnit;
    /** Key heads of all sequences, counted one after the other. */
    private int unit;
    private int head;
    private int row;

    /**
     * @param from the first key head, those of all sequences counted one after the other
     * @param to one after the last
     */
    AttentionBlocks(AttentionSizes sizes, int from, int to) {
        this.sizes = sizes;
        firstUnit = from;
        endUnit = to;
    }

    /** Back to before the first block. */
    void start() {
        unit = firstUnit;
        head = 0;
        row = -AttentionSizes.BLOCK;
    }

    /** Goes on to the next block, rows within query heads within key heads; false if there is none. */
    boolean next() {
        row += AttentionSizes.BLOCK;
        if (row >= sizes.length()) {
            row = 0;
            head++;
        }
        if (head == sizes.group()) {
            head = 0;
            unit++;
        }
        if (unit >= endUnit) {
            return false;
        }
        int sequence = unit / sizes.kvHeads();
        int keyHead = unit % sizes.kvHeads();
        int queryHead = keyHead * sizes.group() + head;
        firstKey = sizes.firstKey(row);
        rows = sizes.blockEnd(row) - row;
        keys = sizes.keys(row);
        first = row == 0 && head == 0;
        last = row + rows == sizes.length() && head + 1 == sizes.group();
        queryAt = sizes.start(sequence, queryHead, sizes.queryWidth()) + row * sizes.queryWidth();
        headAt = sizes.start(sequence, keyHead, sizes.keyWidth());
        lseAt = (sequence * sizes.heads() + queryHead) * sizes.length() + row;
        return true;
    }

    /** Of all sequences' tokens, counted one after the other, the one in the block's row {@code i}. */
    int token(int i) {
        return unit / sizes.kvHeads() * sizes.length() + row + i;
    }

    /** The first of the block's keys that its row {@code i} sees. */
    int from(int i) {
        return sizes.mask().first(row + i) - firstKey;
    }

    /** One after the last of the block's keys that its row {@code i} sees. */
    int to(int i) {
        return sizes.mask().end(row + i, sizes.length()) - firstKey;
    }
}
