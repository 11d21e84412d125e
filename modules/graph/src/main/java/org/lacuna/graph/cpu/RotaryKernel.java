package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.Rotary;

/** {@link Rotary}, one head's vector at a time. */
final class RotaryKernel implements Kernel {
    @Override
    public Runnable bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch) {
        int h = ((Rotary) op).headSize();
        float sign = ((Rotary) op).turnsBack() ? -1 : 1;
        ByteBuffer x = in[0].bytes();
        ByteBuffer table = in[1].bytes();
        ByteBuffer y = out[0].bytes();
        int rows = in[0].spec().rows();
        int width = in[0].spec().size(-1);
        return () -> {
            for (int row = 0; row < rows; row++) {
                for (int head = 0; head < width; head += h) {
                    turn(x, row * width + head, table, row * h, sign, y, h / 2);
                }
            }
        };
    }

    private static void turn(ByteBuffer x, int at, ByteBuffer table, int angles, float sign, ByteBuffer y, int half) {
        int i = 0;
        for (; i <= half - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector a = Lanes.load(x, at + i);
            FloatVector b = Lanes.load(x, at + half + i);
            FloatVector cos = Lanes.load(table, angles + i);
            FloatVector sin = Lanes.load(table, angles + half + i).mul(sign);
            Lanes.store(a.mul(cos).sub(b.mul(sin)), y, at + i);
            Lanes.store(b.mul(cos).add(a.mul(sin)), y, at + half + i);
        }
        for (; i < half; i++) {
            float a = Lanes.get(x, at + i);
            float b = Lanes.get(x, at + half + i);
            float cos = Lanes.get(table, angles + i);
            float sin = Lanes.get(table, angles + half + i) * sign;
            Lanes.put(y, at + i, a * cos - b * sin);
            Lanes.put(y, at + half + i, b * cos + a * sin);
        }
    }
}
