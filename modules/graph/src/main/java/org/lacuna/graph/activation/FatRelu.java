package org.lacuna.graph.activation;

import java.nio.ByteBuffer;
import java.util.OptionalDouble;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.cpu.Lanes;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.BooleanIndexing;
import org.nd4j.linalg.indexing.conditions.Conditions;

/**
 * ReLU with a threshold t &gt; 0 below which nothing passes: f(z) = z if z ≥ t, else 0 (FATReLU; Song et al., ProSparse, arXiv 2402.13516). The
 * derivative is 1 from t on, else 0. Exact. It jumps at t, so that no difference across t tells a derivative.
 *
 * <p>It is not among {@link Activations#all}: a threshold belongs to a trained layer, not to a recipe.
 */
final class FatRelu implements Activation {
    static final int CODE = 6;

    private final float threshold;

    FatRelu(float threshold) {
        if (!(threshold > 0) || Float.isInfinite(threshold)) {
            throw new IllegalArgumentException("fatrelu needs a finite threshold above 0, not " + threshold);
        }
        this.threshold = threshold;
    }

    @Override
    public String name() {
        return "fatrelu";
    }

    @Override
    public int code() {
        return CODE;
    }

    @Override
    public OptionalDouble parameter() {
        return OptionalDouble.of(threshold);
    }

    @Override
    public INDArray reference(INDArray z) {
        INDArray a = z.dup();
        BooleanIndexing.replaceWhere(a, 0, Conditions.lessThan(threshold)); // a product with a mask would make NaN of an infinity
        return a;
    }

    @Override
    public INDArray referenceDerivative(INDArray z) {
        return z.gte(threshold).castTo(z.dataType());
    }

    @Override
    public void value(ByteBuffer z, int zi, ByteBuffer a, int ai, int n) {
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            Lanes.store(passed(Lanes.load(z, zi + i)), a, ai + i);
        }
    }

    @Override
    public void valueAndDerivative(ByteBuffer z, int zi, ByteBuffer a, int ai, ByteBuffer d, int di, int n) {
        for (int i = 0; i < n; i += Lanes.WIDTH) {
            FloatVector x = Lanes.load(z, zi + i);
            Lanes.store(passed(x), a, ai + i);
            Lanes.store(FloatVector.zero(Lanes.F).blend(1, x.compare(VectorOperators.GE, threshold)), d, di + i);
        }
    }

    /** NaN, which is not below the threshold, stays. */
    private FloatVector passed(FloatVector x) {
        return x.blend(0, x.compare(VectorOperators.LT, threshold));
    }
}
