package org.lacuna.graph.activation;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.cpu.Lanes;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** f(z) = z: a gated FFN with it is bilinear. */
final class Identity implements Activation {
    @Override
    public String name() {
        return "identity";
    }

    @Override
    public int code() {
        return 0;
    }

    @Override
    public INDArray reference(INDArray z) {
        return z.dup();
    }

    @Override
    public INDArray referenceDerivative(INDArray z) {
        return Nd4j.onesLike(z);
    }

    @Override
    public void value(ByteBuffer z, int zi, ByteBuffer a, int ai, int n) {
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(z, zi + i), a, ai + i);
        }
    }

    @Override
    public void valueAndDerivative(ByteBuffer z, int zi, ByteBuffer a, int ai, ByteBuffer d, int di, int n) {
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(z, zi + i), a, ai + i);
            Lanes.store(FloatVector.broadcast(Lanes.F, 1), d, di + i);
        }
    }
}
