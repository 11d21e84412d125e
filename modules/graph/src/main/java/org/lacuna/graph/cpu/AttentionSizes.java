package org.lacuna.graph.cpu;

import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.AttentionMask;
import org.lacuna.graph.op.AttentionOp;

/**
 * The sizes of one attention call. Queries go in blocks of {@link #BLOCK} rows, and a block's scores cover only the
 * keys between the first and the last that any of its rows sees: under a causal mask about half of all.
 *
 * @param sequences B
 * @param length T
 * @param heads N
 * @param kvHeads K
 * @param headSize H
 * @param mask which keys a query sees
 */
record AttentionSizes(int sequences, int length, int heads, int kvHeads, int headSize, AttentionMask mask) {
    /** Query rows in a block: enough for the GEMMs, few enough that a block's scores stay in the cache at usual lengths. */
    static final int BLOCK = 64;

    static AttentionSizes of(AttentionOp op, TensorSpec q) {
        return new AttentionSizes(q.size(0), q.size(1), op.heads(), op.kvHeads(), q.size(2) / op.heads(), op.mask());
    }

    /** How many query heads read one key head. */
    int group() {
        return heads / kvHeads;
    }

    /** Key heads of all sequences: what panels share. */
    int units() {
        return sequences * kvHeads;
    }

    /** The first key head of panel {@code panel} of {@code panels}. */
    int unit(int panel, int panels) {
        return (int) ((long) units() * panel / panels);
    }

    /** How many panels there are for so many workers, if a panel's working memory takes so many bytes: all of it is one tensor. */
    int panels(int workers, long bytes) {
        return (int) Math.max(1, Math.min(Math.min(workers, units()), Integer.MAX_VALUE / bytes));
    }

    /** Elements in a row of q. */
    int queryWidth() {
        return heads * headSize;
    }

    /** Elements in a row of k. */
    int keyWidth() {
        return kvHeads * headSize;
    }

    /** Where head {@code head} of sequence {@code sequence} starts in a tensor whose rows have {@code width} elements. */
    int start(int sequence, int head, int width) {
        return sequence * length * width + head * headSize;
    }

    /** One after the last row of the block that starts at {@code row}. */
    int blockEnd(int row) {
        return Math.min(row + BLOCK, length);
    }

    /** The first key that the block starting at {@code row} needs. */
    int firstKey(int row) {
        return mask.first(row);
    }

    /** For the forward pass: keys in the scores of the block starting at {@code row}: those that it needs and up to whole vectors, so that rows of scores start aligned. */
    int keys(int row) {
        int needed = mask.end(blockEnd(row) - 1, length) - firstKey(row);
        return (needed + Lanes.WIDTH - 1) / Lanes.WIDTH * Lanes.WIDTH;
    }

    /** For the forward pass: whether some block's keys reach beyond the last one, to whole vectors. */
    boolean reachesBeyond() {
        for (int row = 0; row < length; row += BLOCK) {
            if (firstKey(row) + keys(row) > length) {
                return true;
            }
        }
        return false;
    }

    /** The most rows that a block has. */
    int mostRows() {
        return Math.min(BLOCK, length);
    }

    /** The most keys that a block has. */
    int mostKeys() {
        int most = 0;
        for (int row = 0; row < length; row += BLOCK) {
            most = Math.max(most, keys(row));
        }
        return most;
    }

    /** For the forward pass: rows of a head's keys in working memory; the whole vectors of the last block reach beyond the last key. */
    int paddedLength() {
        return length + Lanes.WIDTH - 1;
    }
}
