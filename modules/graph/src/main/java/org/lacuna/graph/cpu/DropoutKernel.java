package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.Dropout;
import org.lacuna.graph.op.LacunaOp;

/** Hashes and selects a vector at a time, block by block. Panels share blocks, each of which knows its place in the tensor. */
final class DropoutKernel implements Kernel {
    private static final int BLOCK = ElementwiseKernel.BLOCK;
    private static final int[] LANES = IntStream.range(0, Lanes.WIDTH).toArray();

    @Override
    public Format input(LacunaOp op, int index) {
        return index == 0 ? Format.EITHER : Format.FP32;
    }

    @Override
    public Format output(LacunaOp op, int index) {
        return Format.EITHER;
    }

    @Override
    public boolean inPlace(int input, int output) {
        return input == 0;
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        int n = Math.toIntExact(out[0].length());
        int blocks = (n + BLOCK - 1) / BLOCK;
        Runnable[] calls = new Runnable[Math.max(1, Math.min(panels, blocks))];
        for (int p = 0; p < calls.length; p++) {
            int from = (int) ((long) blocks * p / calls.length) * BLOCK;
            int to = (int) ((long) blocks * (p + 1) / calls.length) * BLOCK;
            calls[p] = panel((Dropout) op, in, out[0], from, Math.min(n, to));
        }
        return new Runnable[][] {calls};
    }

    private static Runnable panel(Dropout op, Tensor[] in, Tensor out, int from, int to) {
        Elements v = new Elements(in[0], BLOCK);
        Elements y = new Elements(out, BLOCK);
        ByteBuffer key = in[1].bytes();
        int stream = op.stream();
        int threshold = op.threshold();
        float scale = (float) op.scale();
        return () -> {
            long seed = Dropout.seed(key.getInt(0), key.getInt(Integer.BYTES), stream);
            for (int i = from; i < to; i += BLOCK) {
                int m = Math.min(BLOCK, to - i);
                select(v.floats(), v.read(i, m), y.floats(), y.place(i), m, seed, i, threshold, scale);
                y.written(i, m);
            }
        };
    }

    /** y = v · scale where element {@code first} + i of the tensor is kept, as {@link Dropout#keeps} says, else 0. */
    private static void select(ByteBuffer v, int vi, ByteBuffer y, int yi, int n, long seed, int first, int threshold, float scale) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            IntVector j = IntVector.fromArray(Lanes.I, LANES, 0).add(first + i + (int) seed);
            IntVector h = Lanes.mix(Lanes.mix(j).lanewise(VectorOperators.XOR, (int) (seed >>> 32)));
            FloatVector grown = Lanes.load(v, vi + i).mul(scale);
            Lanes.store(grown.blend(0, h.lanewise(VectorOperators.LSHR, 1).compare(VectorOperators.LT, threshold).cast(Lanes.F)), y, yi + i);
        }
        for (; i < n; i++) {
            Lanes.put(y, yi + i, Dropout.keeps(seed, first + i, threshold) ? Lanes.get(v, vi + i) * scale : 0);
        }
    }
}
