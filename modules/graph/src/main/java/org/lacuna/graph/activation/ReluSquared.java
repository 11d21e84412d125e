package org.lacuna.graph.activation;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.lacuna.graph.cpu.Lanes;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** f(z) = max(z, 0)² (So et al., Primer, arXiv 2109.08668). 0.5 ulp; underflows for 0 ≤ z < 2.7e-23. */
final class ReluSquared implements Activation {
    @Override
    public String name() {
        return "relu2";
    }

    @Override
    public int code() {
        return 2;
    }

    @Override
    public INDArray reference(INDArray z) {
        INDArray positive = Transforms.max(z, 0, true);
        return positive.mul(positive);
    }

    @Override
    public INDArray referenceDerivative(INDArray z) {
        return Transforms.max(z, 0, true).mul(2);
    }

    @Override
    public void value(ByteBuffer z, int zi, ByteBuffer a, int ai, int n) {
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            FloatVector positive = Lanes.load(z, zi + i).max(0);
            Lanes.store(positive.mul(positive), a, ai + i);
        }
    }

    @Override
    public void valueAndDerivative(ByteBuffer z, int zi, ByteBuffer a, int ai, ByteBuffer d, int di, int n) {
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            FloatVector positive = Lanes.load(z, zi + i).max(0);
            Lanes.store(positive.mul(positive), a, ai + i);
            Lanes.store(positive.add(positive), d, di + i);
        }
    }
}
