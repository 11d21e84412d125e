package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Which of a block's keys its queries see, a vector of queries at a time. Keys are counted from the block's first. */
final class VisibleKeys {
    private final AttentionBlocks blocks;
    /** Null where there are none. */
    private final ByteBuffer spans;
    /**
     * For each vector: of each query the first key that the mask lets it see, one after the last, the first of its span, one after the last.
     * Floats, which are exact for any key. A lane behind the block's last query sees nothing.
     */
    final ByteBuffer bounds;
    /** For each vector, the first key that any of its queries sees. */
    final int[] from;
    /** One after the last. */
    final int[] to;
    /** Of the keys before this one some queries may not see some. */
    final int[] low;
    /** The same of this one and those behind it. */
    final int[] high;
    /** The first key of any query's span. */
    final int[] spanFrom;
    /** One after the last; 0 where there is none. */
    final int[] spanTo;

    /** @param spans keys that queries do not see besides, see {@link org.lacuna.graph.op.Attention}; null where there are none */
    VisibleKeys(AttentionBlocks blocks, ByteBuffer spans) {
        this.blocks = blocks;
        this.spans = spans;
        int vectors = AttentionSizes.BLOCK / Lanes.WIDTH;
        bounds = Lanes.floats(vectors * 4 * Lanes.WIDTH);
        from = new int[vectors];
        to = new int[vectors];
        low = new int[vectors];
        high = new int[vectors];
        spanFrom = new int[vectors];
        spanTo = new int[vectors];
    }

    /** Turns to the block at hand; returns how many vectors its queries are. */
    int turn() {
        int vectors = (blocks.rows + Lanes.WIDTH - 1) / Lanes.WIDTH;
        for (int v = 0; v < vectors; v++) {
            mask(v, v * Lanes.WIDTH, Math.min(Lanes.WIDTH, blocks.rows - v * Lanes.WIDTH));
            if (spans != null) {
                spans(v, v * Lanes.WIDTH, Math.min(Lanes.WIDTH, blocks.rows - v * Lanes.WIDTH));
            }
        }
        return vectors;
    }

    private void mask(int v, int query, int n) {
        from[v] = blocks.from(query);
        to[v] = blocks.to(query + n - 1);
        low[v] = n < Lanes.WIDTH ? to[v] : Math.min(to[v], blocks.from(query + n - 1));
        high[v] = Math.max(low[v], blocks.to(query));
        int at = v * 4 * Lanes.WIDTH;
        for (int i = 0; i < Lanes.WIDTH; i++) {
            Lanes.put(bounds, at + i, i < n ? blocks.from(query + i) : 0);
            Lanes.put(bounds, at + Lanes.WIDTH + i, i < n ? blocks.to(query + i) : 0);
        }
    }

    private void spans(int v, int query, int n) {
        spanFrom[v] = Integer.MAX_VALUE;
        spanTo[v] = 0;
        int at = v * 4 * Lanes.WIDTH + 2 * Lanes.WIDTH;
        for (int i = 0; i < n; i++) {
            int start = spans.getInt(2 * blocks.token(query + i) * Integer.BYTES);
            int end = spans.getInt((2 * blocks.token(query + i) + 1) * Integer.BYTES);
            Lanes.put(bounds, at + i, start);
            Lanes.put(bounds, at + Lanes.WIDTH + i, end);
            if (start < end) {
                spanFrom[v] = Math.min(spanFrom[v], start);
                spanTo[v] = Math.max(spanTo[v], end);
            }
        }
    }

    /** Of the vector of queries whose bounds are at {@code at}, those that do not see {@code key}. */
    static VectorMask<Float> hidden(ByteBuffer bounds, int at, int key) {
        FloatVector k = FloatVector.broadcast(Lanes.F, key);
        VectorMask<Float> byMask = Lanes.load(bounds, at).compare(VectorOperators.GT, k).or(Lanes.load(bounds, at + Lanes.WIDTH).compare(VectorOperators.LE, k));
        VectorMask<Float> bySpan = Lanes.load(bounds, at + 2 * Lanes.WIDTH).compare(VectorOperators.LE, k)
                .and(Lanes.load(bounds, at + 3 * Lanes.WIDTH).compare(VectorOperators.GT, k));
        return byMask.or(bySpan);
    }
}
