package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.CachedAttention;
import org.lacuna.graph.op.LacunaOp;

/**
 * {@link CachedAttention}, one key head after the other: first its new rows go into the cache, and where an output does not lie in
 * the memory of its input the rows before and behind them; then its queries attend to the cache.
 */
final class CachedAttentionKernel implements Kernel {
    /** New tokens from which blocks of them are faster than a pass over the cache for each. */
    private static final int MANY = 8;

    private final GemmLibrary gemms;

    CachedAttentionKernel(GemmLibrary gemms) {
        this.gemms = gemms;
    }

    /** Lets the queries of key head {@code unit} (those of all sequences counted one after the other) attend to its rows of the cache. */
    interface Queries {
        void attend(int unit, int past);
    }

    @Override
    public boolean inPlace(int input, int output) {
        return input == 3 && output == 1 || input == 4 && output == 2;
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels) {
        AttentionSizes sizes = AttentionSizes.of((CachedAttention) op, in[0]);
        long each = bytes(sizes, in[3].size(1));
        return sizes.panels(panels, each) * each;
    }

    private static long bytes(AttentionSizes sizes, int capacity) {
        Pieces pieces = new Pieces(null);
        if (sizes.length() < MANY) {
            CachedRows.cut(pieces, sizes, capacity);
        } else {
            CachedBlocks.Work.cut(pieces, sizes, capacity);
        }
        return pieces.bytes();
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        CachedAttention attention = (CachedAttention) op;
        AttentionSizes sizes = AttentionSizes.of(attention, in[0].spec());
        int capacity = in[3].spec().size(1);
        ByteBuffer past = in[5].bytes();
        Pieces pieces = new Pieces(scratch);
        Runnable[] calls = new Runnable[sizes.panels(panels, bytes(sizes, capacity))];
        for (int p = 0; p < calls.length; p++) {
            int from = sizes.unit(p, calls.length);
            int to = sizes.unit(p + 1, calls.length);
            Rows keys = new Rows(sizes, in[1], in[3], out[1]);
            Rows values = new Rows(sizes, in[2], in[4], out[2]);
            Queries queries = sizes.length() < MANY ? new CachedRows(gemms, attention, sizes, in[0], out, CachedRows.cut(pieces, sizes, capacity))
                    : new CachedBlocks(gemms, attention, sizes, in[0], out, CachedBlocks.Work.cut(pieces, sizes, capacity));
            calls[p] = () -> {
                int filled = past.getInt(0);
                for (int unit = from; unit < to; unit++) {
                    keys.put(unit, filled);
                    values.put(unit, filled);
                    queries.attend(unit, filled);
                }
            };
        }
        return new Runnable[][] {{() -> CachedAttention.checkPast(past.getInt(0), sizes.length(), capacity)}, calls};
    }

    /** Where a key head's first row starts in the cache, in elements. */
    static int start(AttentionSizes sizes, int unit, int capacity) {
        return unit / sizes.kvHeads() * capacity * sizes.keyWidth() + unit % sizes.kvHeads() * sizes.headSize();
    }

    /**
     * Row {@code at} of the scores becomes exp(scale · score − largest) from column {@code from} to {@code to}, and 0 else up to
     * {@code end}. The row starts aligned and has whole vectors.
     *
     * @return the sum
     */
    static float softmax(ByteBuffer s, int at, int from, int to, int end, float scale, float[] lanes) {
        int low = from / Lanes.WIDTH * Lanes.WIDTH;
        int high = (to + Lanes.WIDTH - 1) / Lanes.WIDTH * Lanes.WIDTH;
        AttentionKernel.hide(s, at + low, at + from, Float.NEGATIVE_INFINITY);
        AttentionKernel.hide(s, at + to, at + high, Float.NEGATIVE_INFINITY);
        float largest = scale * AttentionKernel.largest(s, at + low, at + high);
        float sum = AttentionKernel.exponentials(s, at + low, at + high, scale, largest, lanes);
        AttentionKernel.hide(s, at, at + from, 0);
        AttentionKernel.hide(s, at + to, at + end, 0);
        return sum;
    }

    /** Keeps one output, the keys or the values, up to date. */
    private static final class Rows {
        private final AttentionSizes sizes;
        private final int capacity;
        private final ByteBuffer fresh;
        /** Null where the output lies there. */
        private final ByteBuffer before;
        private final ByteBuffer kept;

        Rows(AttentionSizes sizes, Tensor fresh, Tensor before, Tensor kept) {
            this.sizes = sizes;
            this.fresh = fresh.bytes();
            this.before = before.address() == kept.address() ? null : before.bytes();
            this.kept = kept.bytes();
            capacity = kept.spec().size(1);
        }

        void put(int unit, int past) {
            int at = start(sizes, unit, capacity);
            if (before != null) {
                copy(before, at, at, 0, past);
                copy(before, at, at, past + sizes.length(), capacity);
            }
            copy(fresh, sizes.start(unit / sizes.kvHeads(), unit % sizes.kvHeads(), sizes.keyWidth()), at + past * sizes.keyWidth(), 0, sizes.length());
        }

        /** Copies rows {@code first} to {@code end} of the head whose rows start at {@code from}. */
        private void copy(ByteBuffer source, int from, int to, int first, int end) {
            int row = sizes.keyWidth() * Float.BYTES;
            int bytes = sizes.headSize() * Float.BYTES;
            for (int r = first; r < end; r++) {
                kept.put(to * Float.BYTES + r * row, source, from * Float.BYTES + r * row, bytes);
            }
        }
    }
}
