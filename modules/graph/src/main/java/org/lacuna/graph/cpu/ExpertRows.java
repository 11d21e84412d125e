package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.ExpertLinear;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The choices of a batch in the order of their experts, for kernels that multiply each expert's rows by its matrix. A choice is a row
 * of the tensors that have one for each, b · T·k + t·k + r; an expert's lie in rising order. How many an expert has is known when
 * {@link #sort} has run, so products go in blocks of a few heights, filled up with zeros: a library that writes code
 * for each shape has little to write, whatever the router does. Blocks belong to experts and not to panels, which share them:
 * the bits are the same however many panels there are.
 */
final class ExpertRows {
    /** The highest block, in units. */
    private static final int MOST = 16;
    /** Rows of a unit at least: a tile of AMX. */
    private static final int UNIT = 16;

    private final int choices;
    private final int experts;
    private final int unit;
    private final Tensor sorted;
    private final Tensor starts;

    /**
     * @param ids the experts that were chosen, [B, T, k]
     * @param experts how many there are
     * @param pieces to take working memory from
     */
    ExpertRows(GemmLibrary gemms, TensorSpec ids, int experts, Pieces pieces) {
        int alike = gemms.rowsAlike();
        choices = Math.toIntExact(ids.length());
        this.experts = experts;
        unit = (UNIT + alike - 1) / alike * alike;
        sorted = pieces.take("sorted", DataType.INT32, choices);
        starts = pieces.take("starts", DataType.INT32, experts + 2L);
    }

    /** Throws for the first expert that is not in [0, {@code size}). */
    static void check(String op, Tensor ids, int size) {
        ByteBuffer all = ids.bytes();
        int n = Math.toIntExact(ids.length());
        for (int i = 0; i < n; i++) {
            int expert = all.getInt(i * Integer.BYTES);
            if (expert < 0 || expert >= size) {
                throw ExpertLinear.outside(op, expert, i, ids.spec().size(1), ids.spec().size(2), size);
            }
        }
    }

    /** Sorts the choices by counting; throws for an expert that there isn't, before anything else is done. */
    void sort(String op, Tensor ids) {
        check(op, ids, experts);
        ByteBuffer all = ids.bytes();
        ByteBuffer places = starts.bytes();
        for (int e = 0; e < experts + 2; e++) {
            put(places, e, 0);
        }
        for (int i = 0; i < choices; i++) {
            int behind = get(all, i) + 2;
            put(places, behind, get(places, behind) + 1);
        }
        for (int e = 2; e < experts + 2; e++) {
            put(places, e, get(places, e) + get(places, e - 1));
        }
        // Now expert e starts at [e + 1], which moves to where it ends: the start of the next.
        for (int i = 0; i < choices; i++) {
            int next = get(all, i) + 1;
            int place = get(places, next);
            put(sorted.bytes(), place, i);
            put(places, next, place + 1);
        }
    }

    int experts() {
        return experts;
    }

    /** Where expert {@code e}'s rows start among the sorted ones; those of the last one end where expert {@link #experts}'s would start. */
    int start(int e) {
        return get(starts.bytes(), e);
    }

    /** The row at a place among the sorted ones. */
    int row(int place) {
        return get(sorted.bytes(), place);
    }

    /** Which of {@code panels} computes the rows of these places, or a place without any. */
    int panel(int from, int to, int panels) {
        return (int) Math.min(panels - 1, ((long) from + to) * panels / (2L * choices));
    }

    /** How many rows a block has at most. */
    int mostRows() {
        return Math.min(MOST * unit, height(choices));
    }

    /** How high a block of {@code n} rows is: 1, 2, 3, 4, 6, 8, 12 or 16 units. */
    int height(int n) {
        int units = (Math.min(n, MOST * unit) + unit - 1) / unit;
        int step = Math.max(1, Integer.highestOneBit(units - 1) / 2);
        return (units + step - 1) / step * step * unit;
    }

    /**
     * Copies the rows of the places from {@code place} on to a block, and zeros behind them.
     *
     * @param k how many choices share a row of {@code tensor}, 1 if each has its own
     */
    void gather(Tensor tensor, int k, int place, int n, Tensor block) {
        int width = block.spec().size(1);
        for (int i = 0; i < n; i++) {
            HeadRows.gather(tensor, row(place + i) / k * width, 1, block, i);
        }
        Lanes.zeroRows(block, n, height(n));
    }

    /** Copies the first rows of a block to those of the places from {@code place} on. */
    void scatter(Tensor block, int place, int n, Tensor tensor) {
        int width = block.spec().size(1);
        for (int i = 0; i < n; i++) {
            HeadRows.scatter(block, i, 1, tensor, row(place + i) * width);
        }
    }

    /** What one panel does: some blocks. */
    abstract static class Panel implements Runnable {
        final ExpertRows rows;
        private final int panel;
        private final int panels;

        Panel(ExpertRows rows, int panel, int panels) {
            this.rows = rows;
            this.panel = panel;
            this.panels = panels;
        }

        /** Computes the rows of the {@code n} places from {@code from} on, an expert's. */
        abstract void block(int expert, int from, int n);

        @Override
        public final void run() {
            int most = rows.mostRows();
            for (int e = 0; e < rows.experts; e++) {
                int end = rows.start(e + 1);
                for (int from = rows.start(e); from < end; from += most) {
                    int n = Math.min(most, end - from);
                    if (rows.panel(from, from + n, panels) == panel) {
                        block(e, from, n);
                    }
                }
            }
        }
    }

    private static int get(ByteBuffer b, int index) {
        return b.getInt(index * Integer.BYTES);
    }

    private static void put(ByteBuffer b, int index, int value) {
        b.putInt(index * Integer.BYTES, value);
    }
}
