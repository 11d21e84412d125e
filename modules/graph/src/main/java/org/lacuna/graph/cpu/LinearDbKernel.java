package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;

/**
 * Sums of columns, in blocks of about √R rows each: a column's sum is then off by at most 2·√R roundings of Σ|terms|,
 * whatever the signs and sizes, where one long sum could be off by R of them.
 */
final class LinearDbKernel implements Kernel {
    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        ByteBuffer dy = in[0].bytes();
        ByteBuffer db = out[0].bytes();
        int rows = in[0].spec().rows();
        int width = in[0].spec().size(-1);
        int block = (int) Math.ceil(Math.sqrt(rows));
        return Kernel.whole(() -> sums(dy, db, rows, width, block));
    }

    private static void sums(ByteBuffer dy, ByteBuffer db, int rows, int width, int block) {
        int column = 0;
        for (; column <= width - Lanes.WIDTH; column += Lanes.WIDTH) {
            wide(dy, db, rows, width, block, column);
        }
        for (; column < width; column++) {
            narrow(dy, db, rows, width, block, column);
        }
    }

    private static void wide(ByteBuffer dy, ByteBuffer db, int rows, int width, int block, int column) {
        Lanes.store(FloatVector.zero(Lanes.F), db, column);
        for (int from = 0; from < rows; from += block) {
            addBlock(dy, db, from, Math.min(rows, from + block), width, column);
        }
    }

    /** One loop and one sum: of a sum within a sum the compiler may make objects. */
    private static void addBlock(ByteBuffer dy, ByteBuffer db, int from, int to, int width, int column) {
        FloatVector part = FloatVector.zero(Lanes.F);
        for (int r = from; r < to; r++) {
            part = part.add(Lanes.load(dy, r * width + column));
        }
        Lanes.store(Lanes.load(db, column).add(part), db, column);
    }

    private static void narrow(ByteBuffer dy, ByteBuffer db, int rows, int width, int block, int column) {
        float sum = 0;
        for (int from = 0; from < rows; from += block) {
            int to = Math.min(rows, from + block);
            float part = 0;
            for (int r = from; r < to; r++) {
                part += Lanes.get(dy, r * width + column);
            }
            sum += part;
        }
        Lanes.put(db, column, sum);
    }
}
