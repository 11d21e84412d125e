package org.lacuna.graph.activation;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.cpu.Lanes;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** f(z) = max(z, 0); the derivative at 0 is taken as 0. Exact. */
final class Relu implements Activation {
    @Override
    public String name() {
        return "relu";
    }

    @Override
    public int code() {
        return 1;
    }

    @Override
    public INDArray reference(INDArray z) {
        return Transforms.max(z, 0, true);
    }

    @Override
    public INDArray referenceDerivative(INDArray z) {
        return z.gt(0).castTo(z.dataType());
    }

    @Override
    public void value(ByteBuffer z, int zi, ByteBuffer a, int ai, int n) {
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            Lanes.store(Lanes.load(z, zi + i).max(0), a, ai + i);
        }
    }

    @Override
    public void valueAndDerivative(ByteBuffer z, int zi, ByteBuffer a, int ai, ByteBuffer d, int di, int n) {
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            FloatVector x = Lanes.load(z, zi + i);
            Lanes.store(x.max(0), a, ai + i);
            Lanes.store(FloatVector.zero(Lanes.F).blend(1, x.compare(VectorOperators.GT, 0)), d, di + i);
        }
    }
}
