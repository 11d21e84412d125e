package org.lacuna.graph.activation;

import java.nio.ByteBuffer;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.cpu.Lanes;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * f(z) = z·σ(z), σ(z) = 1/(1 + e^(−z)), also called swish (Hendrycks and Gimpel, arXiv 1606.08415).
 * f′(z) = σ(z) + z·σ(z)·σ(−z).
 *
 * <p>The value is within 4 ulp for z ≥ −88.3. Below, where |f(z)| &lt; 4e-37 and e^(−z) soon leaves the floats, value and
 * derivative are 0.
 */
final class Silu implements Activation {
    private static final float LEAST = -88.3f;

    @Override
    public String name() {
        return "silu";
    }

    @Override
    public List<String> aliases() {
        return List.of("swish");
    }

    @Override
    public int code() {
        return 3;
    }

    @Override
    public INDArray reference(INDArray z) {
        return referenceSigmoid(z).muli(z);
    }

    @Override
    public INDArray referenceDerivative(INDArray z) {
        INDArray s = referenceSigmoid(z);
        return referenceSigmoid(z.neg()).muli(z).muli(s).addi(s);
    }

    private static INDArray referenceSigmoid(INDArray z) {
        return Transforms.exp(z.neg(), false).addi(1).rdivi(1);
    }

    @Override
    public void value(ByteBuffer z, int zi, ByteBuffer a, int ai, int n) {
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            FloatVector x = Lanes.load(z, zi + i);
            Lanes.store(x.mul(sigmoid(x, Lanes.exp(x.neg()))), a, ai + i);
        }
    }

    @Override
    public void valueAndDerivative(ByteBuffer z, int zi, ByteBuffer a, int ai, ByteBuffer d, int di, int n) {
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            FloatVector x = Lanes.load(z, zi + i);
            FloatVector e = Lanes.exp(x.neg());
            FloatVector s = sigmoid(x, e);
            Lanes.store(x.mul(s), a, ai + i);
            Lanes.store(slope(x, e, s), d, di + i);
        }
    }

    /** σ(x) from e = e^(−x). */
    private static FloatVector sigmoid(FloatVector x, FloatVector e) {
        return FloatVector.broadcast(Lanes.F, 1).div(e.add(1)).blend(0, x.compare(VectorOperators.LT, LEAST));
    }

    /** f′(x), where σ(−x) = e·σ(x) has no cancellation. From 88.3 up e no longer falls, so x may not rise. */
    private static FloatVector slope(FloatVector x, FloatVector e, FloatVector s) {
        return x.min(-LEAST).mul(s).fma(e.mul(s), s);
    }
}
