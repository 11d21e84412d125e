package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.AttentionGrad;
import org.lacuna.graph.op.LacunaOp;

/**
 * {@link AttentionGrad}. For each sequence, head and block of query rows: scores and dy · v by GEMM, one pass that makes
 * probabilities and ds of them, and three GEMMs. dk and dv add up over heads and blocks in that order.
 */
final class AttentionGradKernel implements Kernel {
    private final GemmLibrary gemms;

    AttentionGradKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out) {
        return 2L * AttentionSizes.of((AttentionGrad) op, in[1]).blockFloats() * Float.BYTES;
    }

    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        return new Call(gemms, (AttentionGrad) op, in, out, scratch);
    }

    private static final class Call implements Runnable {
        private final AttentionSizes sizes;
        private final AttentionBlocks blocks;
        private final float scale;
        private final Tensor dy;
        private final Tensor y;
        private final Tensor lse;
        private final Tensor dk;
        private final Tensor dv;
        private final Tensor p;
        private final Tensor ds;
        private final int stride;
        private final Gemm queriesByKeys;
        private final Gemm dyByValues;
        private final Gemm toDv;
        private final Gemm toDq;
        private final Gemm toDk;
        private final float[] lanes = new float[Lanes.WIDTH];

        Call(GemmLibrary gemms, AttentionGrad op, Tensor[] in, Tensor[] out, Tensor scratch) {
            sizes = AttentionSizes.of(op, in[1].spec());
            blocks = new AttentionBlocks(sizes);
            scale = (float) op.scale();
            dy = in[0];
            y = in[4];
            lse = in[5];
            dk = out[1];
            dv = out[2];
            p = scratch.view("p", 0, sizes.blockFloats());
            ds = scratch.view("ds", sizes.blockFloats(), sizes.blockFloats());
            stride = sizes.stride();
            int rows = AttentionSizes.BLOCK;
            int h = sizes.headSize();
            int wide = sizes.queryWidth();
            int narrow = sizes.keyWidth();
            long q = in[1].address();
            long k = in[2].address();
            queriesByKeys = gemms.bind(false, true, rows, stride, h, scale, q, wide, k, narrow, 0, p.address(), stride);
            dyByValues = gemms.bind(false, true, rows, stride, h, 1, dy.address(), wide, in[3].address(), narrow, 0, ds.address(), stride);
            toDv = gemms.bind(true, false, stride, h, rows, 1, p.address(), stride, dy.address(), wide, 1, dv.address(), narrow);
            toDq = gemms.bind(false, false, rows, h, stride, 1, ds.address(), stride, k, narrow, 0, out[0].address(), wide);
            toDk = gemms.bind(true, false, stride, h, rows, 1, ds.address(), stride, q, wide, 1, dk.address(), narrow);
        }

        @Override
        public void run() {
            int n = Math.toIntExact(dk.length());
            Lanes.fill(dk.bytes(), 0, n, 0);
            Lanes.fill(dv.bytes(), 0, n, 0);
            blocks.start();
            while (blocks.next()) {
                block();
            }
        }

        private void block() {
            int h = sizes.headSize();
            int rows = blocks.rows;
            int keys = blocks.keys;
            int queryAt = blocks.queryAt;
            int keyAt = blocks.keyAt;
            queriesByKeys.run(rows, keys, h, queryAt, keyAt, 0);
            dyByValues.run(rows, keys, h, queryAt, keyAt, 0);
            for (int i = 0; i < rows; i++) {
                float pull = dot(dy.bytes(), y.bytes(), queryAt + i * sizes.queryWidth(), h, lanes);
                row(i, blocks.from(i), blocks.to(i), keys, Lanes.get(lse.bytes(), blocks.lseAt + i), pull);
            }
            toDv.run(keys, h, rows, 0, queryAt, keyAt);
            toDq.run(rows, h, keys, 0, keyAt, queryAt);
            toDk.run(keys, h, rows, 0, queryAt, keyAt);
        }

        /** Row i of the scores becomes probabilities, row i of dy · v becomes ds; both 0 where the mask hides. */
        private void row(int i, int from, int to, int keys, float lse, float pull) {
            int at = i * stride;
            int low = from / Lanes.WIDTH * Lanes.WIDTH;
            probabilities(p.bytes(), ds.bytes(), at + low, at + to, lse, pull, scale);
            Lanes.fill(p.bytes(), at, at + from, 0);
            Lanes.fill(p.bytes(), at + to, at + keys, 0);
            Lanes.fill(ds.bytes(), at, at + from, 0);
            Lanes.fill(ds.bytes(), at + to, at + keys, 0);
        }
    }

    /** In whole vectors: beyond {@code to}, and before the first visible key, it makes numbers that the caller overwrites. */
    private static void probabilities(ByteBuffer p, ByteBuffer ds, int from, int to, float lse, float pull, float scale) {
        for (int i = from; i < to; i += Lanes.WIDTH) {
            FloatVector probability = Lanes.exp(Lanes.load(p, i).sub(lse));
            Lanes.store(probability, p, i);
            Lanes.store(Lanes.load(ds, i).sub(pull).mul(probability).mul(scale), ds, i);
        }
    }

    private static float dot(ByteBuffer a, ByteBuffer b, int at, int n, float[] lanes) {
        FloatVector sum = FloatVector.zero(Lanes.F);
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            sum = Lanes.load(a, at + i).fma(Lanes.load(b, at + i), sum);
        }
        float total = Lanes.sum(sum, lanes);
        for (; i < n; i++) {
            total += Lanes.get(a, at + i) * Lanes.get(b, at + i);
        }
        return total;
    }
}
