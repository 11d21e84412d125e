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
    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out) {
        return (long) AttentionSizes.of((Attention) op, in[0]).blockFloats() * Float.BYTES;
    }

    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        return new Call((Attention) op, in, out, scratch);
    }

    private static final class Call implements Runnable {
        private final AttentionSizes sizes;
        private final Tensor y;
        private final Tensor lse;
        private final Tensor scores;
        private final int stride;
        private final Gemm queriesByKeys;
        private final Gemm weightsByValues;
        private final float[] sums = new float[AttentionSizes.BLOCK];
        private final float[] lanes = new float[Lanes.WIDTH];

        Call(Attention op, Tensor[] in, Tensor[] out, Tensor scratch) {
            sizes = AttentionSizes.of(op, in[0].spec());
            y = out[0];
            lse = out[1];
            scores = scratch;
            stride = sizes.stride();
            int rows = AttentionSizes.BLOCK;
            int h = sizes.headSize();
            int queryWidth = sizes.queryWidth();
            int keyWidth = sizes.keyWidth();
            queriesByKeys = Gemm.of(false, true, rows, stride, h, (float) op.scale(), in[0].address(), queryWidth,
                    in[1].address(), keyWidth, 0, scores.address(), stride);
            weightsByValues = Gemm.of(false, false, rows, h, stride, 1, scores.address(), stride,
                    in[2].address(), keyWidth, 0, y.address(), queryWidth);
        }

        @Override
        public void run() {
            for (int b = 0; b < sizes.sequences(); b++) {
                for (int n = 0; n < sizes.heads(); n++) {
                    for (int row = 0; row < sizes.length(); row += AttentionSizes.BLOCK) {
                        block(b, n, row);
                    }
                }
            }
        }

        private void block(int b, int n, int row) {
            int h = sizes.headSize();
            int queryWidth = sizes.queryWidth();
            int keyWidth = sizes.keyWidth();
            int rows = sizes.blockEnd(row) - row;
            int firstKey = sizes.firstKey(row);
            int keys = sizes.endKey(row) - firstKey;
            int queryAt = sizes.start(b, n, queryWidth) + row * queryWidth;
            int keyAt = sizes.start(b, n / sizes.group(), keyWidth) + firstKey * keyWidth;
            queriesByKeys.run(rows, keys, h, queryAt, keyAt, 0);
            int lseAt = (b * sizes.heads() + n) * sizes.length() + row;
            for (int i = 0; i < rows; i++) {
                int from = sizes.mask().first(row + i) - firstKey;
                int to = sizes.mask().end(row + i, sizes.length()) - firstKey;
                softmax(i, from, to, keys, lseAt + i);
            }
            weightsByValues.run(rows, h, keys, 0, keyAt, queryAt);
            for (int i = 0; i < rows; i++) {
                divide(y.bytes(), queryAt + i * queryWidth, h, sums[i]);
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
