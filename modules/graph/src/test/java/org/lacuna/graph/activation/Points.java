package org.lacuna.graph.activation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.lacuna.graph.cpu.Lanes;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Holds an activation, reference and loops, to known values. */
final class Points {
    private Points() {}

    /** Asserts f(z) and f′(z): the reference to 1e-13 of them, since in the tail z's own rounding weighs z² times, the loops to 4·2⁻²³. */
    static void assertPoint(Activation f, double z, double value, double derivative) {
        INDArray at = Nd4j.createFromArray(new double[] {z});
        assertEquals(value, f.reference(at).getDouble(0), 1e-13 * Math.abs(value), f.name() + "(" + z + ")");
        assertEquals(derivative, f.referenceDerivative(at).getDouble(0), 1e-13 * Math.abs(derivative), f.name() + "′(" + z + ")");
        assertEquals(z, at.getDouble(0), "the reference leaves its input alone");

        ByteBuffer x = vector();
        ByteBuffer a = vector();
        ByteBuffer b = vector();
        ByteBuffer d = vector();
        for (int i = 0; i < Lanes.WIDTH; i++) {
            x.putFloat(i * Float.BYTES, (float) z);
        }
        f.value(x, 0, a, 0, Lanes.WIDTH);
        f.valueAndDerivative(x, 0, b, 0, d, 0, Lanes.WIDTH);
        for (int i = 0; i < Lanes.WIDTH; i++) {
            assertEquals(value, a.getFloat(i * Float.BYTES), 0x1p-21 * Math.abs(value), f.name() + "(" + z + ")");
            assertEquals(a.getInt(i * Float.BYTES), b.getInt(i * Float.BYTES), "both loops give the same bits");
            assertEquals(derivative, d.getFloat(i * Float.BYTES), 0x1p-21 * Math.abs(derivative), f.name() + "′(" + z + ")");
        }
    }

    private static ByteBuffer vector() {
        return ByteBuffer.allocateDirect(Lanes.WIDTH * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }
}
