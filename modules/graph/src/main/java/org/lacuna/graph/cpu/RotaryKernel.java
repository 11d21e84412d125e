package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Format;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.Rotary;

/** {@link Rotary}, a row of heads at a time. */
final class RotaryKernel extends RowKernel {
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
    boolean hasRows(LacunaOp op, int index) {
        return true;
    }

    @Override
    Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        int h = ((Rotary) op).headSize();
        float sign = ((Rotary) op).turnsBack() ? -1 : 1;
        ByteBuffer table = in[1].bytes();
        int rows = in[0].spec().rows();
        int width = in[0].spec().size(-1);
        int turned = in[1].spec().size(-1);
        Elements x = new Elements(in[0], width);
        Elements y = new Elements(out[0], width);
        return () -> {
            for (int row = 0; row < rows; row++) {
                int from = x.read(row * width, width);
                int to = y.place(row * width);
                turn(x.floats(), from, table, row * turned, turned / 2, sign, y.floats(), to, h, width);
                keep(x.floats(), from, y.floats(), to, turned, h, width);
                y.written(row * width, width);
            }
        };
    }

    private static void turn(ByteBuffer x, int xi, ByteBuffer table, int angles, int half, float sign, ByteBuffer y, int yi, int h, int width) {
        for (int head = 0; head < width; head += h) {
            int i = 0;
            for (; i <= half - Lanes.WIDTH; i += Lanes.WIDTH) {
                FloatVector a = Lanes.load(x, xi + head + i);
                FloatVector b = Lanes.load(x, xi + head + half + i);
                FloatVector cos = Lanes.load(table, angles + i);
                FloatVector sin = Lanes.load(table, angles + half + i).mul(sign);
                Lanes.store(a.mul(cos).sub(b.mul(sin)), y, yi + head + i);
                Lanes.store(b.mul(cos).add(a.mul(sin)), y, yi + head + half + i);
            }
            for (; i < half; i++) {
                float a = Lanes.get(x, xi + head + i);
                float b = Lanes.get(x, xi + head + half + i);
                float cos = Lanes.get(table, angles + i);
                float sin = Lanes.get(table, angles + half + i) * sign;
                Lanes.put(y, yi + head + i, a * cos - b * sin);
                Lanes.put(y, yi + head + half + i, b * cos + a * sin);
            }
        }
    }

    /** Copies what lies behind the turned elements of each head. */
    private static void keep(ByteBuffer x, int xi, ByteBuffer y, int yi, int turned, int h, int width) {
        if (turned == h || x == y && xi == yi) {
            return;
        }
        for (int head = turned; head < width; head += h) {
            y.put((yi + head) * Float.BYTES, x, (xi + head) * Float.BYTES, (h - turned) * Float.BYTES);
        }
    }
}
