package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.Attention;
import org.lacuna.graph.op.LacunaOp;

/**
 * {@link Attention}. For each sequence, head and block of query rows: scores by GEMM, each row's softmax without its
 * division, weights times values by GEMM, and then the division, which touches fewer elements there.
 */
final class AttentionKernel implements Kernel {
    private final GemmLibrary gemms;

    AttentionKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out) {
        return (long) AttentionSizes.of((Attention) op, in[0]).blockFloats() * Float.BYTES;
    }

    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        return new Call(gemms, (Attention) op, in, out, scratch);
    }

    private static final class Call implements Runnable {
        private final AttentionSizes sizes;
        private final AttentionBlocks blocks;
        private final Tensor y;
        private final Tensor lse;
        private final Tensor scores;
        private final int stride;
        private final Gemm queriesByKeys;
        private final Gemm weightsByValues;
        private final float[] sums = new float[AttentionSizes.BLOCK];
        private final float[] lanes = new float[Lanes.WIDTH];

        Call(GemmLibrary gemms, Attention op, Tensor[] in, Tensor[] out, Tensor scratch) {
            sizes = AttentionSizes.of(op, in[0].spec());
            blocks = new AttentionBlocks(sizes);
            y = out[0];
            lse = out[1];
            scores = scratch;
            stride = sizes.stride();
            int rows = AttentionSizes.BLOCK;
            int h = sizes.headSize();
            int queryWidth = sizes.queryWidth();
            int keyWidth = sizes.keyWidth();
            queriesByKeys = gemms.bind(false, true, rows, stride, h, (float) op.scale(), in[0].address(), queryWidth,
                    in[1].address(), keyWidth, 0, scores.address(), stride);
            weightsByValues = gemms.bind(false, false, rows, h, stride, 1, scores.address(), stride,
                    in[2].address(), keyWidth, 0, y.address(), queryWidth);
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
            queriesByKeys.run(blocks.rows, blocks.keys, h, blocks.queryAt, blocks.keyAt, 0);
            for (int i = 0; i < blocks.rows; i++) {
                softmax(i, blocks.from(i), blocks.to(i), blocks.keys, blocks.lseAt + i);
            }
            weightsByValues.run(blocks.rows, h, blocks.keys, 0, blocks.keyAt, blocks.queryAt);
            for (int i = 0; i < blocks.rows; i++) {
                divide(y.bytes(), blocks.queryAt + i * sizes.queryWidth(), h, sums[i]);
            }
        }

        /** Row i of the scores becomes exp(score − largest) where the mask lets it see, else 0. */
        private void softmax(int i, int from, int to, int keys, int lseAt) {
            ByteBuffer s = scores.bytes();
            int at = i * stride;
            // The row is worked on in whole vectors: what they cover beyond the visible keys must not count.
            int low = from / Lanes.WIDTH * Lanes.WIDTH;
            int high = (to + Lanes.WIDTH - 1) / Lanes.WIDTH * Lanes.WIDTH;
            Lanes.fill(s, at + low, at + from, Float.NEGATIVE_INFINITY);
            Lanes.fill(s, at + to, at + high, Float.NEGATIVE_INFINITY);
            float largest = largest(s, at + low, at + high);
            float sum = exponentials(s, at + low, at + high, largest, lanes);
            Lanes.fill(s, at, at + from, 0);
            Lanes.fill(s, at + to, at + keys, 0);
            sums[i] = sum;
            Lanes.put(lse.bytes(), lseAt, (float) (largest + Math.log(sum)));
        }
    }

    private static float largest(ByteBuffer s, int from, int to) {
        FloatVector largest = Lanes.load(s, from);
        for (int i = from + Lanes.WIDTH; i < to; i += Lanes.WIDTH) {
            largest = largest.max(Lanes.load(s, i));
        }
        return Lanes.max(largest);
    }

    /**
     * s = exp(s − largest); returns the sum. Where s is minus infinity, {@link Lanes#exp} gives 1.2e-38, which the sum,
     * at least 1, does not feel; the caller overwrites it.
     */
    private static float exponentials(ByteBuffer s, int from, int to, float largest, float[] lanes) {
        FloatVector sum = FloatVector.zero(Lanes.F);
        for (int i = from; i < to; i += Lanes.WIDTH) {
            FloatVector e = Lanes.exp(Lanes.load(s, i).sub(largest));
            Lanes.store(e, s, i);
            sum = sum.add(e);
        }
        return Lanes.sum(sum, lanes);
    }

    private static void divide(ByteBuffer y, int at, int n, float by) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(y, at + i).div(by), y, at + i);
        }
        for (; i < n; i++) {
            Lanes.put(y, at + i, Lanes.get(y, at + i) / by);
        }
    }
}
