package org.lacuna.graph.cpu;

import org.lacuna.graph.Tensor;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.CachedAttention;
import org.nd4j.linalg.api.buffer.DataType;

/** Attention of many new tokens, block by block as {@link AttentionKernel} goes. */
final class CachedBlocks implements CachedAttentionKernel.Queries {
    /**
     * A block's keys are rounded up to a multiple of this: the library writes code for each number that it meets, and with a cache
     * that fills up it would meet all.
     */
    private static final int STEP = 64;

    private final AttentionSizes sizes;
    private final float scale;
    private final Tensor q;
    private final Tensor[] out;
    private final Work work;
    /** Floats in a row of scores. */
    private final int width;
    private final Gemm queriesByKeys;
    private final Gemm weightsByValues;
    private final float[] sums = new float[AttentionSizes.BLOCK];
    private final float[] lanes = new float[Lanes.WIDTH];

    /** @param out y, keys and values */
    CachedBlocks(GemmLibrary gemms, CachedAttention op, AttentionSizes sizes, Tensor q, Tensor[] out, Work work) {
        this.sizes = sizes;
        scale = (float) op.scale();
        this.q = q;
        this.out = out.clone();
        this.work = work;
        width = work.scores.spec().size(1);
        queriesByKeys = gemms.bind(false, true, 0, 0, 0, Matrix.of(work.q), Matrix.of(work.k), false, Matrix.of(work.scores));
        weightsByValues = gemms.bind(false, false, 0, 0, 0, Matrix.of(work.scores), Matrix.of(work.v), false, Matrix.of(work.products));
    }

    /**
     * Working memory.
     *
     * @param q a block of one head's queries
     * @param k one key head's keys
     * @param v its values
     * @param scores of a block, then its weights
     * @param products weights times values
     */
    record Work(Tensor q, Tensor k, Tensor v, Tensor scores, Tensor products) {
        static Work cut(Pieces pieces, AttentionSizes sizes, int capacity) {
            int h = sizes.headSize();
            int rows = sizes.mostRows();
            int most = 0;
            int past = capacity - sizes.length();
            for (int row = 0; row < sizes.length(); row += AttentionSizes.BLOCK) {
                most = Math.max(most, past + sizes.blockEnd(row) - sizes.mask().first(past + row));
            }
            int height = capacity + STEP - 1;
            return new Work(pieces.take("q", DataType.FLOAT, rows, h), pieces.take("k", DataType.FLOAT, height, h), pieces.take("v", DataType.FLOAT, height, h),
                    pieces.take("scores", DataType.FLOAT, rows, whole(most) + AttentionKernel.PADDING), pieces.take("products", DataType.FLOAT, rows, h));
        }
    }

    private static int whole(int keys) {
        return (keys + STEP - 1) / STEP * STEP;
    }

    @Override
    public void attend(int unit, int past) {
        int sequence = unit / sizes.kvHeads();
        int head = unit % sizes.kvHeads();
        int first = sizes.mask().first(past);
        gather(out[1], unit, first, past + sizes.length(), work.k);
        gather(out[2], unit, first, past + sizes.length(), work.v);
        for (int g = 0; g < sizes.group(); g++) {
            int query = sizes.start(sequence, head * sizes.group() + g, sizes.queryWidth());
            for (int row = 0; row < sizes.length(); row += AttentionSizes.BLOCK) {
                block(query + row * sizes.queryWidth(), sizes.blockEnd(row) - row, past + row, first);
            }
        }
    }

    /** Copies rows {@code first} to {@code end} of a head to where they lie dense, and zeros behind them as far as blocks may read. */
    private void gather(Tensor cache, int unit, int first, int end, Tensor dense) {
        int h = sizes.headSize();
        int n = end - first;
        HeadRows.gather(cache, CachedAttentionKernel.start(sizes, unit, cache.spec().size(1)) + first * sizes.keyWidth(), n, dense);
        Lanes.fill(dense.bytes(), n * h, (n + STEP - 1) * h, 0);
    }

    /**
     * A block.
     *
     * @param query where its queries start
     * @param position of the first of them
     * @param dense position of the first key in working memory
     */
    private void block(int query, int rows, int position, int dense) {
        int h = sizes.headSize();
        int first = sizes.mask().first(position);
        int keys = whole(position + rows - first);
        HeadRows.gather(q, query, rows, work.q);
        queriesByKeys.run(rows, keys, h, 0, (long) (first - dense) * h, 0);
        for (int i = 0; i < rows; i++) {
            sums[i] = CachedAttentionKernel.softmax(work.scores.bytes(), i * width, sizes.mask().first(position + i) - first, position + i + 1 - first, keys, scale, lanes);
        }
        weightsByValues.run(rows, h, keys, 0, (long) (first - dense) * h, 0);
        for (int i = 0; i < rows; i++) {
            AttentionKernel.divide(work.products.bytes(), i * h, h, sums[i]);
        }
        HeadRows.scatter(work.products, rows, out[0], query);
    }
}
