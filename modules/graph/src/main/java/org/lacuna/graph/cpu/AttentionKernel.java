package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.Attention;
import org.lacuna.graph.op.LacunaOp;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * {@link Attention}. For each sequence, head and block of query rows: scores by GEMM, their softmax without its division,
 * values times weights by GEMM, and then the division, which touches fewer elements there. As in {@link AttentionGradKernel}, a
 * row of scores belongs to a key: a vector of queries goes through the keys together, and no sum or maximum goes along a row.
 * Working memory grows linearly with T.
 */
final class AttentionKernel implements Kernel {
    /** Keys whose scores go through a pass while they are in the first-level cache. */
    private static final int PASS = 16;

    private final GemmLibrary gemms;

    AttentionKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public Format input(LacunaOp op, int index) {
        return index < 3 ? Format.BF16 : Format.FP32;
    }

    @Override
    public Format output(LacunaOp op, int index) {
        return index == 0 ? Format.EITHER : Format.FP32;
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels) {
        AttentionSizes sizes = AttentionSizes.of((Attention) op, in[0]);
        long each = bytes(sizes, in[0].dataType());
        return sizes.panels(panels, each) * each;
    }

    private static long bytes(AttentionSizes sizes, DataType factors) {
        Pieces pieces = new Pieces(null);
        Work.cut(pieces, sizes, factors);
        return pieces.bytes();
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        AttentionSizes sizes = AttentionSizes.of((Attention) op, in[0].spec());
        Pieces pieces = new Pieces(scratch);
        Runnable[] calls = new Runnable[sizes.panels(panels, bytes(sizes, in[0].dataType()))];
        for (int p = 0; p < calls.length; p++) {
            Work work = Work.cut(pieces, sizes, in[0].dataType());
            AttentionBlocks blocks = new AttentionBlocks(sizes, sizes.unit(p, calls.length), sizes.unit(p + 1, calls.length));
            calls[p] = new Call(gemms, (Attention) op, sizes, blocks, in, out, work);
        }
        return new Runnable[][] {calls};
    }

    /**
     * Working memory.
     *
     * @param q a block of one head's queries
     * @param k one key head's keys
     * @param v its values
     * @param scores of a block, then its weights; a row for each key
     * @param products weights times values
     * @param largest of each query's scores
     * @param sums of each query's weights
     */
    private record Work(Tensor q, Tensor k, Tensor v, Tensor scores, Tensor products, Tensor largest, Tensor sums) {
        static Work cut(Pieces pieces, AttentionSizes sizes, DataType factors) {
            int h = sizes.headSize();
            int rows = sizes.mostRows();
            int width = Gemm.read(rows); // whole vectors too
            return new Work(pieces.take("q", factors, rows, h), pieces.take("k", factors, sizes.length(), h), pieces.take("v", factors, sizes.length(), h),
                    pieces.take("scores", DataType.FLOAT, sizes.mostKeys(), width), pieces.take("products", DataType.FLOAT, rows, h),
                    pieces.take("largest", DataType.FLOAT, width), pieces.take("sums", DataType.FLOAT, width));
        }
    }

    private static final class Call implements Runnable {
        private final AttentionSizes sizes;
        private final AttentionBlocks blocks;
        private final float scale;
        private final Tensor[] in;
        private final Tensor y;
        private final ByteBuffer lse;
        private final VisibleKeys visible;
        private final Work work;
        private final boolean narrow;
        /** Floats in a row of scores. */
        private final int width;
        private final Gemm keysByQueries;
        private final Gemm weightsByValues;

        Call(GemmLibrary gemms, Attention op, AttentionSizes sizes, AttentionBlocks blocks, Tensor[] in, Tensor[] out, Work work) {
            this.sizes = sizes;
            this.blocks = blocks;
            this.work = work;
            scale = (float) op.scale();
            this.in = in;
            y = out[0];
            lse = out[1].bytes();
            visible = new VisibleKeys(blocks, in.length > 3 ? in[3].bytes() : null);
            DataType factors = in[0].dataType();
            narrow = factors == DataType.BFLOAT16;
            width = work.scores.spec().size(1);
            keysByQueries = gemms.bind(false, true, 0, 0, 0, Matrix.dense(work.k, factors), Matrix.dense(work.q, factors), false, Matrix.of(work.scores));
            weightsByValues = gemms.bind(true, false, 0, 0, 0, new Matrix(work.scores.address(), factors, width), Matrix.dense(work.v, factors), false,
                    Matrix.dense(work.products, DataType.FLOAT));
        }

        @Override
        public void run() {
            blocks.start();
            while (blocks.next()) {
                block();
            }
        }

        private void block() {
            int h = sizes.headSize();
            if (blocks.first) {
                HeadRows.gather(in[1], blocks.headAt, sizes.length(), work.k);
                HeadRows.gather(in[2], blocks.headAt, sizes.length(), work.v);
            }
            HeadRows.gather(in[0], blocks.queryAt, blocks.rows, work.q);
            int keys = blocks.to(blocks.rows - 1);
            keysByQueries.run(keys, blocks.rows, h, blocks.firstKey * h, 0, 0);
            softmax(keys, visible.turn());
            if (narrow) { // to the first half of the scores' memory
                Bfloat16.round(work.scores.bytes(), 0, work.scores.bytes(), 0, keys * width);
            }
            weightsByValues.run(blocks.rows, h, keys, 0, blocks.firstKey * h, 0);
            for (int i = 0; i < blocks.rows; i++) {
                float sum = Lanes.get(work.sums.bytes(), i);
                Lanes.put(lse, blocks.lseAt + i, (float) (scale * Lanes.get(work.largest.bytes(), i) + Math.log(sum)));
                CachedAttentionKernel.divide(work.products.bytes(), i * h, h, sum);
            }
            HeadRows.scatter(work.products, blocks.rows, y, blocks.queryAt);
        }

        /** Scores become exp(scale · score − largest) where the mask lets their query see the key, else 0. */
        private void softmax(int keys, int vectors) {
            ByteBuffer s = work.scores.bytes();
            ByteBuffer largest = work.largest.bytes();
            ByteBuffer sums = work.sums.bytes();
            Lanes.fill(largest, 0, vectors * Lanes.WIDTH, Float.NEGATIVE_INFINITY);
            Lanes.fill(sums, 0, vectors * Lanes.WIDTH, 0);
            for (int key = 0; key < keys; key += PASS) {
                int end = Math.min(keys, key + PASS);
                for (int v = 0; v < vectors; v++) {
                    hide(s, v, key, end, Float.NEGATIVE_INFINITY);
                    largest(s, v * Lanes.WIDTH, Math.max(key, visible.from[v]), Math.min(end, visible.to[v]), width, largest);
                }
            }
            for (int key = 0; key < keys; key += PASS) {
                int end = Math.min(keys, key + PASS);
                for (int v = 0; v < vectors; v++) {
                    exponentials(s, v * Lanes.WIDTH, Math.max(key, visible.from[v]), Math.min(end, visible.to[v]), width, scale, largest, sums);
                    hide(s, v, key, end, 0);
                }
            }
        }

        private void hide(ByteBuffer s, int v, int from, int to, float value) {
            hide(s, v, from, Math.min(to, visible.low[v]), visible.bounds, value);
            hide(s, v, Math.max(from, visible.high[v]), to, visible.bounds, value);
            hide(s, v, Math.max(from, visible.spanFrom[v]), Math.min(to, visible.spanTo[v]), visible.bounds, value);
        }

        private void hide(ByteBuffer s, int v, int from, int to, ByteBuffer bounds, float value) {
            if (from < to) {
                hideKeys(s, v * Lanes.WIDTH, from, to, width, bounds, v * 4 * Lanes.WIDTH, value);
            }
        }
    }

    /** Scores of keys {@code from} to {@code to}, in the vector of columns at {@code query}, become {@code value} where a query does not see the key. */
    private static void hideKeys(ByteBuffer s, int query, int from, int to, int width, ByteBuffer bounds, int boundsAt, float value) {
        for (int key = from; key < to; key++) {
            int at = key * width + query;
            Lanes.store(Lanes.load(s, at).blend(value, VisibleKeys.hidden(bounds, boundsAt, key)), s, at);
        }
    }

    /** Adds keys to the largest of each query's scores. Two maxima run side by side, since one would wait for each. */
    private static void largest(ByteBuffer s, int query, int from, int to, int width, ByteBuffer largest) {
        FloatVector even = Lanes.load(largest, query);
        FloatVector odd = even;
        int key = from;
        for (; key < to - 1; key += 2) {
            even = even.max(Lanes.load(s, key * width + query));
            odd = odd.max(Lanes.load(s, (key + 1) * width + query));
        }
        if (key < to) {
            even = even.max(Lanes.load(s, key * width + query));
        }
        Lanes.store(even.max(odd), largest, query);
    }

    /**
     * s = exp(scale · (s − largest)), added to the sum of each query's. Where s is minus infinity, {@link Lanes#exp} gives 1.2e-38, which the sum,
     * at least 1, does not feel; the caller overwrites it.
     */
    private static void exponentials(ByteBuffer s, int query, int from, int to, int width, float scale, ByteBuffer largest, ByteBuffer sums) {
        FloatVector shift = Lanes.load(largest, query);
        FloatVector sum = Lanes.load(sums, query);
        for (int key = from; key < to; key++) {
            FloatVector e = Lanes.exp(Lanes.load(s, key * width + query).sub(shift).mul(scale));
            Lanes.store(e, s, key * width + query);
            sum = sum.add(e);
        }
        Lanes.store(sum, sums, query);
    }
}
