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
 * {@link Attention}. For each sequence, head and block of query rows: scores by GEMM, each row's softmax without its
 * division, weights times values by GEMM, and then the division, which touches fewer elements there. Working memory grows
 * linearly with T.
 */
final class AttentionKernel implements Kernel {
    /** Behind rows of scores: if they lay a power of two apart, they would compete for the same places in the cache. */
    static final int PADDING = 16;

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
        long each = bytes(sizes, in[0].dataType(), gemms);
        return sizes.panels(panels, each) * each;
    }

    private static long bytes(AttentionSizes sizes, DataType kept, GemmLibrary gemms) {
        Pieces pieces = new Pieces(null);
        Work.cut(pieces, sizes, kept, gemms.copied(kept));
        return pieces.bytes();
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        AttentionSizes sizes = AttentionSizes.of((Attention) op, in[0].spec());
        DataType kept = in[0].dataType();
        Pieces pieces = new Pieces(scratch);
        Runnable[] calls = new Runnable[sizes.panels(panels, bytes(sizes, kept, gemms))];
        for (int p = 0; p < calls.length; p++) {
            Work work = Work.cut(pieces, sizes, kept, gemms.copied(kept));
            AttentionBlocks blocks = new AttentionBlocks(sizes, sizes.unit(p, calls.length), sizes.unit(p + 1, calls.length));
            calls[p] = new Call(gemms, (Attention) op, sizes, blocks, in, out, work);
        }
        return new Runnable[][] {calls};
    }

    /**
     * Working memory; what {@link HeadMatrix} needs none of is null.
     *
     * @param q a block of one head's queries
     * @param k one key head's keys
     * @param v its values
     * @param scores of a block, then its weights
     * @param products weights times values
     */
    private record Work(Tensor q, Tensor k, Tensor v, Tensor scores, Tensor products) {
        static Work cut(Pieces pieces, AttentionSizes sizes, DataType kept, DataType factors) {
            int h = sizes.headSize();
            int rows = sizes.mostRows();
            boolean fit = HeadMatrix.liesFit(kept, sizes.length());
            boolean keysFit = fit && !sizes.reachesBeyond();
            return new Work(fit ? null : pieces.take("q", factors, rows, h),
                    keysFit ? null : pieces.take("k", factors, sizes.paddedLength(), h), keysFit ? null : pieces.take("v", factors, sizes.paddedLength(), h),
                    pieces.take("scores", DataType.FLOAT, rows, Gemm.read(sizes.mostKeys()) + PADDING),
                    fit ? null : pieces.take("products", DataType.FLOAT, rows, h));
        }
    }

    private static final class Call implements Runnable {
        private final AttentionSizes sizes;
        private final AttentionBlocks blocks;
        private final float scale;
        private final HeadMatrix q;
        private final HeadMatrix k;
        private final HeadMatrix v;
        private final HeadMatrix y;
        private final Tensor lse;
        /** Null where there are none. */
        private final ByteBuffer spans;
        private final Work work;
        private final boolean narrow;
        /** Floats in a row of scores. */
        private final int width;
        private final Gemm queriesByKeys;
        private final Gemm weightsByValues;
        private final float[] sums = new float[AttentionSizes.BLOCK];
        private final float[] lanes = new float[Lanes.WIDTH];

        Call(GemmLibrary gemms, Attention op, AttentionSizes sizes, AttentionBlocks blocks, Tensor[] in, Tensor[] out, Work work) {
            this.sizes = sizes;
            this.blocks = blocks;
            this.work = work;
            scale = (float) op.scale();
            int h = sizes.headSize();
            q = new HeadMatrix(in[0], work.q, h);
            k = new HeadMatrix(in[1], work.k, h);
            v = new HeadMatrix(in[2], work.v, h);
            y = new HeadMatrix(out[0], work.products, h);
            lse = out[1];
            spans = in.length > 3 ? in[3].bytes() : null;
            DataType factors = q.matrix().type();
            narrow = factors == DataType.BFLOAT16;
            width = work.scores.spec().size(1);
            queriesByKeys = gemms.bind(false, true, 0, 0, 0, q.matrix(), k.matrix(), false, Matrix.of(work.scores));
            weightsByValues = gemms.bind(false, false, 0, 0, 0, new Matrix(work.scores.address(), factors, width), v.matrix(), false, y.matrix());
        }

        @Override
        public void run() {
            if (work.k != null) {
                Lanes.zeroBehind(work.k, sizes.length());
                Lanes.zeroBehind(work.v, sizes.length());
            }
            blocks.start();
            while (blocks.next()) {
                block();
            }
        }

        private void block() {
            int h = sizes.headSize();
            if (blocks.first) {
                k.read(blocks.headAt, sizes.length());
                v.read(blocks.headAt, sizes.length());
            }
            q.read(blocks.queryAt, blocks.rows);
            queriesByKeys.run(blocks.rows, blocks.keys, h, q.at(0), k.at(blocks.firstKey), 0);
            for (int i = 0; i < blocks.rows; i++) {
                softmax(i, blocks.from(i), blocks.to(i), blocks.keys);
            }
            y.place(blocks.queryAt);
            weightsByValues.run(blocks.rows, h, blocks.keys, 0, v.at(blocks.firstKey), y.at(0));
            for (int i = 0; i < blocks.rows; i++) {
                divide(y.rows().bytes(), y.at(i), h, sums[i]);
            }
            y.written(blocks.queryAt, blocks.rows);
        }

        /** Row i of the scores becomes exp(scale · score − largest) where the mask lets it see, else 0. */
        private void softmax(int i, int from, int to, int keys) {
            ByteBuffer s = work.scores.bytes();
            int at = i * width;
            // The row is worked on in whole vectors: what they cover beyond the visible keys must not count.
            int low = from / Lanes.WIDTH * Lanes.WIDTH;
            int high = (to + Lanes.WIDTH - 1) / Lanes.WIDTH * Lanes.WIDTH;
            hide(s, at + low, at + from, Float.NEGATIVE_INFINITY);
            hide(s, at + to, at + high, Float.NEGATIVE_INFINITY);
            int hiddenFrom = spans == null ? 0 : spans.getInt(2 * blocks.token(i) * Integer.BYTES);
            int hiddenTo = spans == null ? 0 : spans.getInt((2 * blocks.token(i) + 1) * Integer.BYTES);
            hide(s, at + hiddenFrom, at + hiddenTo, Float.NEGATIVE_INFINITY);
            float largest = scale * largest(s, at + low, at + high);
            float sum = exponentials(s, at + low, at + high, scale, largest, lanes);
            hide(s, at, at + from, 0);
            hide(s, at + hiddenFrom, at + hiddenTo, 0);
            hide(s, at + to, at + Gemm.read(keys), 0);
            sums[i] = sum;
            Lanes.put(lse.bytes(), blocks.lseAt + i, (float) (largest + Math.log(sum)));
            if (narrow) {
                Bfloat16.round(s, at, s, at, Gemm.read(keys)); // row by row, to the first half of the scores' memory
            }
        }
    }

    static void hide(ByteBuffer s, int from, int to, float value) {
        if (from < to) {
            Lanes.fill(s, from, to, value);
        }
    }

    static float largest(ByteBuffer s, int from, int to) {
        FloatVector largest = Lanes.load(s, from);
        for (int i = from + Lanes.WIDTH; i < to; i += Lanes.WIDTH) {
            largest = largest.max(Lanes.load(s, i));
        }
        return Lanes.max(largest);
    }

    /**
     * s = exp(scale · s − largest); returns the sum. Where s is minus infinity, {@link Lanes#exp} gives 1.2e-38, which the sum,
     * at least 1, does not feel; the caller overwrites it.
     */
    static float exponentials(ByteBuffer s, int from, int to, float scale, float largest, float[] lanes) {
        FloatVector sum = FloatVector.zero(Lanes.F);
        for (int i = from; i < to; i += Lanes.WIDTH) {
            FloatVector e = Lanes.exp(Lanes.load(s, i).mul(scale).sub(largest));
            Lanes.store(e, s, i);
            sum = sum.add(e);
        }
        return Lanes.sum(sum, lanes);
    }

    static void divide(ByteBuffer y, int at, int n, float by) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(y, at + i).div(by), y, at + i);
        }
        for (; i < n; i++) {
            Lanes.put(y, at + i, Lanes.get(y, at + i) / by);
        }
    }
}
