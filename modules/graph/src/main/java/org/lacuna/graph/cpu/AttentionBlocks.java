package org.lacuna.graph.cpu;

/**
 * Goes through one attention call block by block: {@link AttentionSizes#BLOCK} rows of one head's queries, and the keys
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
    /** Keys in the block's scores, a multiple of {@link Lanes#WIDTH}; the last ones may be beyond the sequence. */
    int keys;
    /** Whether the block is the first that reads its key head. */
    boolean first;
    /** Whether it is the last. */
    boolean last;
    private int sequence;
    private int head;
    private int row;

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
        keys = sizes.keys(row);
        first = row == 0 && head % sizes.group() == 0;
        last = row + rows == sizes.length() && (head + 1) % sizes.group() == 0;
        queryAt = sizes.start(sequence, head, sizes.queryWidth()) + row * sizes.queryWidth();
        headAt = sizes.start(sequence, head / sizes.group(), sizes.keyWidth());
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
