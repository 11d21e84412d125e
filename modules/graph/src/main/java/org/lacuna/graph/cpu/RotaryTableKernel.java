package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.RotaryTable;

/**
 * {@link RotaryTable}. The sequences of a batch mostly have the same positions, and a sine costs far more than a
 * copy: a row at the position that the first sequence has there is that row's copy.
 */
final class RotaryTableKernel extends RowKernel {
    @Override
    boolean hasRows(LacunaOp op, int index) {
        return true;
    }

    @Override
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        double[] frequencies = ((RotaryTable) op).frequencies();
        ByteBuffer positions = in[0].bytes();
        ByteBuffer table = out[0].bytes();
        int rows = Math.toIntExact(in[0].length());
        int length = in[0].spec().size(1);
        int h = 2 * frequencies.length;
        return () -> {
            for (int row = 0; row < rows; row++) {
                int position = positions.getInt(row * Integer.BYTES);
                int first = row % length;
                if (row >= length && position == positions.getInt(first * Integer.BYTES)) {
                    table.put(row * h * Float.BYTES, table, first * h * Float.BYTES, h * Float.BYTES);
                } else {
                    fill(table, row * h, position, frequencies);
                }
            }
        };
    }

    private static void fill(ByteBuffer table, int at, int position, double[] frequencies) {
        int half = frequencies.length;
        for (int i = 0; i < half; i++) {
            double angle = position * frequencies[i];
            Lanes.put(table, at + i, (float) Math.cos(angle));
            Lanes.put(table, at + half + i, (float) Math.sin(angle));
        }
    }
}
