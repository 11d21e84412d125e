package org.lacuna.data.sample;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.lacuna.data.random.SplitMix;

/** Each of n things once an epoch; an epoch is a shuffle of all by seed and epoch. */
final class EpochOrder {
    private final long seed;
    private final int[] order;
    private long epoch;
    private int position;

    EpochOrder(int count, long seed) {
        this.seed = seed;
        this.order = new int[count];
        shuffle(0);
    }

    int next() {
        if (position == order.length) {
            shuffle(epoch + 1);
        }
        return order[position++];
    }

    /** Adds the place to a sampler's cursor. */
    ObjectNode write(ObjectNode state) {
        return state.put("seed", seed).put("epoch", epoch).put("position", position);
    }

    /** Goes to a place; at a cursor that is refused it stays where it is. */
    void restore(Cursor cursor) {
        cursor.expect("seed", seed);
        long savedEpoch = cursor.number("epoch", 0, Long.MAX_VALUE - 1);
        int savedPosition = (int) cursor.number("position", 0, order.length);
        shuffle(savedEpoch);
        position = savedPosition;
    }

    private void shuffle(long newEpoch) {
        epoch = newEpoch;
        position = 0;
        SplitMix random = SplitMix.stream(seed, newEpoch);
        for (int i = 0; i < order.length; i++) {
            int j = (int) random.below(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
    }
}
