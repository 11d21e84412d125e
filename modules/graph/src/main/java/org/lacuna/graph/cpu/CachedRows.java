package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.CachedAttention;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Attention of few new tokens: for each, one pass over a head's keys and one over its values, for all of its query heads together.
 * The library multiplies in tiles of few sizes, since it writes code for each; {@link Gemv} does what they leave over.
 */
final class CachedRows implements CachedAttentionKernel.Queries {
    /** Rows of the cache in a tile; a smaller tile takes what the larger ones leave over. */
    private static final int[] TILES = {256, 64};

    private final AttentionSizes sizes;
    private final int capacity;
    private final float scale;
    private final ByteBuffer q;
    private final ByteBuffer keys;
    private final ByteBuffer values;
    private final ByteBuffer y;
    private final ByteBuffer scores;
    /** Floats in a row of scores. */
    private final int width;
    private final Gemm queriesByKeys;
    private final Gemm weightsByValues;
    private final float[] sums;
    private final float[] lanes = new float[Gemv.LANES];

    /**
     * @param out y, keys and values
     * @param scores working memory
     */
    CachedRows(GemmLibrary gemms, CachedAttention op, AttentionSizes sizes, Tensor q, Tensor[] out, Tensor scores) {
        this.sizes = sizes;
        capacity = out[1].spec().size(1);
        scale = (float) op.scale();
        this.q = q.bytes();
        y = out[0].bytes();
        keys = out[1].bytes();
        values = out[2].bytes();
        this.scores = scores.bytes();
        width = scores.spec().size(1);
        sums = new float[sizes.group()];
        Matrix queries = Matrix.of(q, sizes.headSize());
        queriesByKeys = gemms.bind(false, true, 0, 0, 0, queries, Matrix.of(out[1]), false, Matrix.of(scores));
        weightsByValues = gemms.bind(false, false, 0, 0, 0, Matrix.of(scores), Matrix.of(out[2]), true, Matrix.of(out[0], sizes.headSize()));
    }

    /** Cuts working memory: a row of scores for each query head of a key head. */
    static Tensor cut(Pieces pieces, AttentionSizes sizes, int capacity) {
        return pieces.take("scores", DataType.FLOAT, sizes.group(), (capacity + Lanes.WIDTH - 1) / Lanes.WIDTH * Lanes.WIDTH + AttentionKernel.PADDING);
    }

    @Override
    public void attend(int unit, int past) {
        int query = sizes.start(unit / sizes.kvHeads(), unit % sizes.kvHeads() * sizes.group(), sizes.queryWidth());
        int head = CachedAttentionKernel.start(sizes, unit, capacity);
        for (int t = 0; t < sizes.length(); t++) {
            int first = sizes.mask().first(past + t);
            attend(query + t * sizes.queryWidth(), head + first * sizes.keyWidth(), past + t + 1 - first);
        }
    }

    /**
     * One token.
     *
     * @param query where the first of its heads starts; the others lie behind it
     * @param head where the first row that it sees starts in the cache
     * @param n how many rows it sees
     */
    private void attend(int query, int head, int n) {
        int group = sums.length;
        int h = sizes.headSize();
        int apart = sizes.keyWidth();
        int row = 0;
        for (int tile : TILES) {
            for (; row <= n - tile; row += tile) {
                queriesByKeys.run(group, tile, h, query, head + row * apart, row);
            }
        }
        for (int g = 0; g < group; g++) {
            Gemv.dots(DataType.FLOAT, q, query + g * h, h, keys, head + row * apart, apart, n - row, scores, g * width + row, lanes);
            sums[g] = CachedAttentionKernel.softmax(scores, g * width, 0, n, n, scale, lanes);
        }
        Lanes.fill(y, query, query + group * h, 0);
        row = 0;
        for (int tile : TILES) {
            for (; row <= n - tile; row += tile) {
                weightsByValues.run(group, h, tile, row, head + row * apart, query);
            }
        }
        for (int g = 0; g < group; g++) {
            Gemv.addRows(scores, g * width + row, n - row, values, head + row * apart, apart, h, y, query + g * h);
            AttentionKernel.divide(y, query + g * h, h, sums[g]);
        }
    }
}
