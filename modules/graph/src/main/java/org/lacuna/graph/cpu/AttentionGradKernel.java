package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.cpu.Gemm.Matrix;
import org.lacuna.graph.op.AttentionGrad;
import org.lacuna.graph.op.LacunaOp;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * {@link AttentionGrad}. For each sequence, head and block of query rows: scores and dy · v by GEMM, one pass that makes
 * probabilities and ds of them, and three GEMMs. dk and dv add up over heads and blocks
 * in that order. Working memory grows linearly with T.
 */
final class AttentionGradKernel implements Kernel {
    private final GemmLibrary gemms;

    AttentionGradKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public Format input(LacunaOp op, int index) {
        return index < 4 ? Format.BF16 : index == 4 ? Format.EITHER : Format.FP32;
    }

    @Override
    public Format output(LacunaOp op, int index) {
        return Format.EITHER;
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels) {
        AttentionSizes sizes = AttentionSizes.of((AttentionGrad) op, in[1]);
        long each = bytes(sizes, in[1].dataType(), out[0].dataType());
        return sizes.panels(panels, each) * each;
    }

    private static long bytes(AttentionSizes sizes, DataType factors, DataType dq) {
        Pieces pieces = new Pieces(null);
        Work.cut(pieces, sizes, factors, dq);
        return pieces.bytes();
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        AttentionSizes sizes = AttentionSizes.of((AttentionGrad) op, in[1].spec());
        Pieces pieces = new Pieces(scratch);
        Runnable[] calls = new Runnable[sizes.panels(panels, bytes(sizes, in[1].dataType(), out[0].dataType()))];
        for (int p = 0; p < calls.length; p++) {
            Work work = Work.cut(pieces, sizes, in[1].dataType(), out[0].dataType());
            AttentionBlocks blocks = new AttentionBlocks(sizes, sizes.unit(p, calls.length), sizes.unit(p + 1, calls.length));
            calls[p] = new Call(gemms, (AttentionGrad) op, sizes, blocks, in, out, work);
        }
        return new Runnable[][] {calls};
    }

    /**
     * Working memory.
     *
     * @param q a block of one head's queries; dy and dq likewise
     * @param k one key head's keys; v, dk and dv likewise
     * @param p scores of a block, then its probabilities
     * @param ds dy · v of a block, then the derivative by its scores
     */
    private record Work(Tensor dy, Tensor q, Tensor dq, Tensor k, Tensor v, Tensor dk, Tensor dv, Tensor p, Tensor ds) {
        static Work cut(Pieces pieces, AttentionSizes sizes, DataType factors, DataType dq) {
            int h = sizes.headSize();
            int rows = sizes.mostRows();
            int length = sizes.paddedLength();
            return new Work(pieces.take("dy", factors, rows, h), pieces.take("q", factors, rows, h), pieces.take("dq", dq, rows, h),
                    pieces.take("k", factors, length, h), pieces.take("v", factors, length, h),
                    pieces.take("dk", DataType.FLOAT, length, h), pieces.take("dv", DataType.FLOAT, length, h),
                    pieces.take("p", DataType.FLOAT, rows, sizes.mostKeys()), pieces.take("ds", DataType.FLOAT, rows, sizes.mostKeys()));
        }
    }

    private static final class Call implements Runnable {
        private final AttentionSizes sizes;
        private final AttentionBlocks blocks;
        private final float scale;
        private final boolean narrow;
        private final Tensor[] in;
        private final Tensor[] out;
        private final Work work;
        private final Elements dy;
        private final Elements y;
        private final Gemm queriesByKeys;
        private final Gemm dyByValues;
        private final Gemm toDv;
        private final Gemm toDq;
        private final Gemm toDk;
        private final float[] lanes = new float[Lanes.WIDTH];

        Call(GemmLibrary gemms, AttentionGrad op, AttentionSizes sizes, AttentionBlocks blocks, Tensor[] in, Tensor[] out, Work work) {
            this.sizes = sizes;
            this.blocks = blocks;
            this.work = work;
            scale = (float) op.scale();
            this.in = in;
            this.out = out;
            DataType factors = in[1].dataType();
            narrow = factors == DataType.BFLOAT16;
            dy = new Elements(in[0], sizes.headSize());
            y = new Elements(in[4], sizes.headSize());
            Matrix q = Matrix.dense(work.q, factors);
            Matrix k = Matrix.dense(work.k, factors);
            Matrix dyBlock = Matrix.dense(work.dy, factors);
            Matrix p = Matrix.dense(work.p, factors);
            Matrix ds = Matrix.dense(work.ds, factors);
            queriesByKeys = gemms.bind(false, true, 0, 0, 0, q, k, false, Matrix.dense(work.p, DataType.FLOAT));
            dyByValues = gemms.bind(false, true, 0, 0, 0, dyBlock, Matrix.dense(work.v, factors), false, Matrix.dense(work.ds, DataType.FLOAT));
            toDv = gemms.bind(true, false, 0, 0, 0, p, dyBlock, true, Matrix.dense(work.dv, DataType.FLOAT));
            toDq = gemms.bind(false, false, 0, 0, 0, ds, k, false, Matrix.dense(work.dq, out[0].dataType()));
            toDk = gemms.bind(true, false, 0, 0, 0, ds, q, true, Matrix.dense(work.dk, DataType.FLOAT));
        }

        @Override
        public void run() {
            Lanes.zeroBehind(work.k, sizes.length());
            Lanes.zeroBehind(work.v, sizes.length());
            blocks.start();
            while (blocks.next()) {
                block();
            }
        }

        private void block() {
            int h = sizes.headSize();
            int rows = blocks.rows;
            int keys = blocks.keys;
            int keyAt = blocks.firstKey * h;
            if (blocks.first) {
                HeadRows.gather(in[2], blocks.headAt, sizes.length(), work.k);
                HeadRows.gather(in[3], blocks.headAt, sizes.length(), work.v);
                Lanes.zeroBehind(work.dk, 0);
                Lanes.zeroBehind(work.dv, 0);
            }
            HeadRows.gather(in[0], blocks.queryAt, rows, work.dy);
            HeadRows.gather(in[1], blocks.queryAt, rows, work.q);
            queriesByKeys.run(rows, keys, h, 0, keyAt, 0);
            dyByValues.run(rows, keys, h, 0, keyAt, 0);
            for (int i = 0; i < rows; i++) {
                int at = blocks.queryAt + i * sizes.queryWidth();
                float pull = dot(dy.floats(), dy.read(at, h), y.floats(), y.read(at, h), h, lanes);
                row(i, blocks.from(i), blocks.to(i), keys, Lanes.get(in[5].bytes(), blocks.lseAt + i), pull);
            }
            toDv.run(keys, h, rows, 0, 0, keyAt);
            toDq.run(rows, h, keys, 0, keyAt, 0);
            toDk.run(keys, h, rows, 0, 0, keyAt);
            HeadRows.scatter(work.dq, rows, out[0], blocks.queryAt);
            if (blocks.last) {
                HeadRows.scatter(work.dk, sizes.length(), out[1], blocks.headAt);
                HeadRows.scatter(work.dv, sizes.length(), out[2], blocks.headAt);
            }
        }

        /** Row i of the scores becomes probabilities, row i of dy · v becomes ds; both 0 where the mask hides. */
        private void row(int i, int from, int to, int keys, float lse, float pull) {
            ByteBuffer p = work.p.bytes();
            ByteBuffer ds = work.ds.bytes();
            int at = i * keys;
            int low = from / Lanes.WIDTH * Lanes.WIDTH;
            probabilities(p, ds, at + low, at + to, lse, pull, scale);
            hide(p, ds, at, at + from);
            hide(p, ds, at + to, at + keys);
            if (narrow) {
                Bfloat16.round(p, at, p, at, keys); // row by row, to the first half of the memory
                Bfloat16.round(ds, at, ds, at, keys);
            }
        }
    }

    private static void hide(ByteBuffer p, ByteBuffer ds, int from, int to) {
        if (from < to) {
            Lanes.fill(p, from, to, 0);
            Lanes.fill(ds, from, to, 0);
        }
    }

    /** In whole vectors: beyond {@code to}, and before the first visible key, it makes numbers that the caller overwrites. */
    private static void probabilities(ByteBuffer p, ByteBuffer ds, int from, int to, float lse, float pull, float scale) {
        for (int i = from; i < to; i += Lanes.WIDTH) {
            FloatVector probability = Lanes.exp(Lanes.load(p, i).mul(scale).sub(lse));
            Lanes.store(probability, p, i);
            Lanes.store(Lanes.load(ds, i).sub(pull).mul(probability).mul(scale), ds, i);
        }
    }

    private static float dot(ByteBuffer a, int ai, ByteBuffer b, int bi, int n, float[] lanes) {
        FloatVector sum = FloatVector.zero(Lanes.F);
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            sum = Lanes.load(a, ai + i).fma(Lanes.load(b, bi + i), sum);
        }
        float total = Lanes.sum(sum, lanes);
        for (; i < n; i++) {
            total += Lanes.get(a, ai + i) * Lanes.get(b, bi + i);
        }
        return total;
    }
}
