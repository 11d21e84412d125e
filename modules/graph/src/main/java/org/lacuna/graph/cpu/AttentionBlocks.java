package org.lacuna.graph.cpu;

/**
 * Goes through one attention call block by block: {@link AttentionSizes#BLOCK} rows of one head's queries, and the keys
 * that any of them sees. The fields tell of the block at hand.
 */
final class AttentionBlocks {
    private final AttentionSizes sizes;
    /** Where the block's queries start, in floats from the start of q; y and dy have the same layout. */
    int queryAt;
    /** Where the block's keys start, in floats from the start of k; v has the same layout. */
    int keyAt;
    /** Where the block's log-sums start, in floats from the start of lse. */
    int lseAt;
    /** Query rows in the block. */
    int rows;
    /** Keys that the block needs. */
    int keys;
    private int sequence;
    private int head;
    private int row;
    private int firstKey;

    AttentionBlocks(AttentionSizes sizes) {
        this.sizes = sizes;
    }

    /** Back to before the first block. */
    void start() {
        sequence = 0;
        head = 0;
        row = -AttentionSizes.BLOCK;
    }

    /** Goes on to the next block, rows within heads within sequences; false if there is none. */
    boolean next() {
        row += AttentionSizes.BLOCK;
        if (row >= sizes.length()) {
            row = 0;
            head++;
        }
        if (head == sizes.heads()) {
            head = 0;
            sequence++;
        }
        if (sequence == sizes.sequences()) {
            return false;
        }
        firstKey = sizes.firstKey(row);
        rows = sizes.blockEnd(row) - row;
        keys = sizes.endKey(row) - firstKey;
        queryAt = sizes.start(sequence, head, sizes.queryWidth()) + row * sizes.queryWidth();
        keyAt = sizes.start(sequence, head / sizes.group(), sizes.keyWidth()) + firstKey * sizes.keyWidth();
        lseAt = (sequence * sizes.heads() + head) * sizes.length() + row;
        return true;
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
