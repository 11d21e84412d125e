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
 * {@link AttentionGrad}. For each sequence, head, block of query rows and block of keys: scores and v · dy by GEMM, passes that
 * make probabilities and ds of them, and three GEMMs. A row of scores belongs to a key: then the products that add to dk and dv
 * read them as they lie, and no sum goes along a row. dk and dv add up over heads and blocks of queries, dq over blocks of keys.
 * Working memory grows linearly with T.
 */
final class AttentionGradKernel implements Kernel {
    /** Keys in a block: enough for the GEMMs, few enough that a block's scores stay in the cache. */
    private static final int KEYS = 512;
    /** Keys whose scores go through all passes while they are in the first-level cache. */
    private static final int PASS = 16;

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
        long each = bytes(sizes, in[1].dataType(), gemms);
        return sizes.panels(panels, each) * each;
    }

    private static long bytes(AttentionSizes sizes, DataType kept, GemmLibrary gemms) {
        Pieces pieces = new Pieces(null);
        Work.cut(pieces, sizes, kept, gemms.copied(kept));
        return pieces.bytes();
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        AttentionSizes sizes = AttentionSizes.of((AttentionGrad) op, in[1].spec());
        DataType kept = in[1].dataType();
        Pieces pieces = new Pieces(scratch);
        Runnable[] calls = new Runnable[sizes.panels(panels, bytes(sizes, kept, gemms))];
        for (int p = 0; p < calls.length; p++) {
            Work work = Work.cut(pieces, sizes, kept, gemms.copied(kept));
            AttentionBlocks blocks = new AttentionBlocks(sizes, sizes.unit(p, calls.length), sizes.unit(p + 1, calls.length));
            calls[p] = new Call(gemms, (AttentionGrad) op, sizes, blocks, in, out, work);
        }
        return new Runnable[][] {calls};
    }

    /**
     * Working memory; what {@link HeadMatrix} needs none of is null.
     *
     * @param q a block of one head's queries; dy and dq likewise
     * @param k one key head's keys; v, dk and dv likewise
     * @param p scores of a block of queries and one of keys, then its probabilities, a row for each key
     * @param ds v · dy of the same, then the derivative by its scores
     * @param lse of the block's queries
     * @param pull dy · y of the block's queries
     */
    private record Work(Tensor dy, Tensor q, Tensor dq, Tensor k, Tensor v, Tensor dk, Tensor dv, Tensor p, Tensor ds, Tensor lse, Tensor pull) {
        static Work cut(Pieces pieces, AttentionSizes sizes, DataType kept, DataType factors) {
            int h = sizes.headSize();
            int rows = sizes.mostRows();
            int length = sizes.length();
            int keys = Math.min(KEYS, length);
            int width = Gemm.read(rows); // whole vectors too
            boolean fit = HeadMatrix.liesFit(kept, length);
            return new Work(fit ? null : pieces.take("dy", factors, rows, h), fit ? null : pieces.take("q", factors, rows, h),
                    fit ? null : pieces.take("dq", DataType.FLOAT, rows, h),
                    fit ? null : pieces.take("k", factors, length, h), fit ? null : pieces.take("v", factors, length, h),
                    fit ? null : pieces.take("dk", DataType.FLOAT, length, h), fit ? null : pieces.take("dv", DataType.FLOAT, length, h),
                    pieces.take("p", DataType.FLOAT, keys, width), pieces.take("ds", DataType.FLOAT, keys, width),
                    pieces.take("lse", DataType.FLOAT, width), pieces.take("pull", DataType.FLOAT, width));
        }

        /** Floats in a row of p and of ds. */
        int width() {
            return p.spec().size(1);
        }
    }

    private static final class Call implements Runnable {
        private final AttentionSizes sizes;
        private final AttentionBlocks blocks;
        private final float scale;
        private final boolean narrow;
        private final Work work;
        private final Tensor savedLse;
        private final Elements floatsOfDy;
        private final Elements y;
        private final HeadMatrix dy;
        private final HeadMatrix q;
        private final HeadMatrix k;
        private final HeadMatrix v;
        private final HeadMatrix dq;
        private final HeadMatrix dk;
        private final HeadMatrix dv;
        private final Gemm keysByQueries;
        private final Gemm valuesByDy;
        private final Gemm toDv;
        private final Gemm toDk;
        private final Gemm toDq;
        private final Gemm moreDq;
        private final float[] lanes = new float[Lanes.WIDTH];
        /** The first of the block's queries that sees the key at hand, and one after the last. */
        private int firstQuery;
        private int endQuery;

        Call(GemmLibrary gemms, AttentionGrad op, AttentionSizes sizes, AttentionBlocks blocks, Tensor[] in, Tensor[] out, Work work) {
            this.sizes = sizes;
            this.blocks = blocks;
            this.work = work;
            scale = (float) op.scale();
            int h = sizes.headSize();
            y = new Elements(in[4], h);
            savedLse = in[5];
            dy = new HeadMatrix(in[0], work.dy, h);
            floatsOfDy = new Elements(dy.rows(), h);
            q = new HeadMatrix(in[1], work.q, h);
            k = new HeadMatrix(in[2], work.k, h);
            v = new HeadMatrix(in[3], work.v, h);
            dq = new HeadMatrix(out[0], work.dq, h);
            dk = new HeadMatrix(out[1], work.dk, h);
            dv = new HeadMatrix(out[2], work.dv, h);
            DataType factors = q.matrix().type();
            narrow = factors == DataType.BFLOAT16;
            Matrix p = new Matrix(work.p.address(), factors, work.width());
            Matrix ds = new Matrix(work.ds.address(), factors, work.width());
            keysByQueries = gemms.bind(false, true, 0, 0, 0, k.matrix(), q.matrix(), false, Matrix.of(work.p));
            valuesByDy = gemms.bind(false, true, 0, 0, 0, v.matrix(), dy.matrix(), false, Matrix.of(work.ds));
            toDv = gemms.bind(false, false, 0, 0, 0, p, dy.matrix(), true, dv.matrix());
            toDk = gemms.bind(false, false, 0, 0, 0, ds, q.matrix(), true, dk.matrix());
            toDq = gemms.bind(true, false, 0, 0, 0, ds, k.matrix(), false, dq.matrix());
            moreDq = gemms.bind(true, false, 0, 0, 0, ds, k.matrix(), true, dq.matrix());
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
                k.read(blocks.headAt, sizes.length());
                v.read(blocks.headAt, sizes.length());
                dk.zero(blocks.headAt, sizes.length());
                dv.zero(blocks.headAt, sizes.length());
            }
            dy.read(blocks.queryAt, blocks.rows);
            q.read(blocks.queryAt, blocks.rows);
            dq.place(blocks.queryAt);
            for (int i = 0; i < blocks.rows; i++) {
                int at = blocks.queryAt + i * sizes.queryWidth();
                Lanes.put(work.pull.bytes(), i, dot(floatsOfDy.floats(), floatsOfDy.read(dy.at(i), h), y.floats(), y.read(at, h), h, lanes));
                Lanes.put(work.lse.bytes(), i, Lanes.get(savedLse.bytes(), blocks.lseAt + i));
            }
            firstQuery = 0;
            endQuery = 0;
            int keys = blocks.to(blocks.rows - 1);
            for (int key = 0; key < keys; key += KEYS) {
                add(key, Math.min(KEYS, keys - key));
            }
            dq.written(blocks.queryAt, blocks.rows);
            if (blocks.last) {
                dk.written(blocks.headAt, sizes.length());
                dv.written(blocks.headAt, sizes.length());
            }
        }

        /** Adds what the block of queries and {@code n} keys, from {@code key} of those that the block sees on, contribute to dq, dk and dv. */
        private void add(int key, int n) {
            int h = sizes.headSize();
            int rows = blocks.rows;
            int first = blocks.firstKey + key;
            keysByQueries.run(n, rows, h, k.at(first), q.at(0), 0);
            valuesByDy.run(n, rows, h, v.at(first), dy.at(0), 0);
            for (int j = 0; j < n; j += PASS) {
                pass(key, j, Math.min(PASS, n - j));
            }
            toDv.run(n, h, rows, 0, dy.at(0), dv.at(first));
            toDk.run(n, h, rows, 0, q.at(0), dk.at(first));
            (key == 0 ? toDq : moreDq).run(rows, h, n, 0, k.at(first), dq.at(0));
        }

        /** Rows j to j + n of the scores become probabilities, those of v · dy become ds; both 0 where the mask hides. */
        private void pass(int key, int j, int n) {
            ByteBuffer p = work.p.bytes();
            ByteBuffer ds = work.ds.bytes();
            int width = work.width();
            probabilities(p, j * width, (j + n) * width, width, work.lse.bytes(), scale);
            derivatives(ds, p, j * width, (j + n) * width, width, work.pull.bytes(), scale);
            for (int row = j; row < j + n; row++) {
                while (firstQuery < blocks.rows && blocks.to(firstQuery) <= key + row) {
                    firstQuery++;
                }
                while (endQuery < blocks.rows && blocks.from(endQuery) <= key + row) {
                    endQuery++;
                }
                hide(p, ds, row * width, row * width + firstQuery);
                hide(p, ds, row * width + endQuery, (row + 1) * width);
            }
            if (narrow) { // to the first half of the memory, where scores have been read
                Bfloat16.round(p, j * width, p, j * width, n * width);
                Bfloat16.round(ds, j * width, ds, j * width, n * width);
            }
        }
    }

    private static void hide(ByteBuffer p, ByteBuffer ds, int from, int to) {
        if (from < to) {
            Lanes.fill(p, from, to, 0);
            Lanes.fill(ds, from, to, 0);
        }
    }

    /** In whole rows: beyond the last query, and where the mask hides, it makes numbers that the caller overwrites. */
    private static void probabilities(ByteBuffer p, int from, int to, int width, ByteBuffer lse, float scale) {
        for (int i = 0; i < width; i += Lanes.WIDTH) {
            FloatVector shift = Lanes.load(lse, i);
            for (int at = from + i; at < to; at += width) {
                Lanes.store(Lanes.exp(Lanes.load(p, at).mul(scale).sub(shift)), p, at);
            }
        }
    }

    private static void derivatives(ByteBuffer ds, ByteBuffer p, int from, int to, int width, ByteBuffer pull, float scale) {
        for (int i = 0; i < width; i += Lanes.WIDTH) {
            FloatVector shift = Lanes.load(pull, i);
            for (int at = from + i; at < to; at += width) {
                Lanes.store(Lanes.load(ds, at).sub(shift).mul(Lanes.load(p, at)).mul(scale), ds, at);
            }
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
