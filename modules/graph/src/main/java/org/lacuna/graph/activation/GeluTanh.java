package org.lacuna.graph.activation;

import java.nio.ByteBuffer;
import java.util.List;
import jdk.incubator.vector.DoubleVector;
import org.lacuna.graph.cpu.Lanes;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * GELU by the hyperbolic tangent, f(z) = z/2·(1 + tanh u), u = √(2/π)·(z + 0.044715·z³) (Hendrycks and Gimpel,
 * arXiv 1606.08415): the same as z·σ(2u), σ(x) = 1/(1 + e^(−x)). f′(z) = σ(2u) + z·σ(2u)·σ(−2u)·2u′.
 *
 * <p>The value is within 0.6 ulp; it underflows a float below z = −10.1 and is 0 from −10.8 down. The loops work in double, since
 * an error in u is an error in the exponent.
 */
final class GeluTanh implements Activation {
    /** 2u = z·(LINEAR + CUBIC·z²). */
    private static final double LINEAR = 2 * 0.7978845608028654;
    private static final double CUBIC = LINEAR * 0.044715;

    @Override
    public String name() {
        return "gelu_pytorch_tanh";
    }

    @Override
    public List<String> aliases() {
        return List.of("gelu_new", "gelu_fast");
    }

    @Override
    public int code() {
        return 5;
    }

    @Override
    public INDArray reference(INDArray z) {
        return referenceSigmoid(referenceArgument(z)).muli(z);
    }

    @Override
    public INDArray referenceDerivative(INDArray z) {
        INDArray x = referenceArgument(z);
        INDArray s = referenceSigmoid(x);
        INDArray slope = z.mul(z).muli(3 * CUBIC).addi(LINEAR);
        return slope.muli(z).muli(referenceSigmoid(x.neg())).muli(s).addi(s);
    }

    private static INDArray referenceArgument(INDArray z) {
        return z.mul(z).muli(CUBIC).addi(LINEAR).muli(z);
    }

    private static INDArray referenceSigmoid(INDArray x) {
        return Transforms.exp(x.neg(), false).addi(1).rdivi(1);
    }

    @Override
    public void value(ByteBuffer z, int zi, ByteBuffer a, int ai, int n) {
        for (int i = 0; i < n; i += Lanes.WIDE) {
            DoubleVector x = Lanes.widen(z, zi + i);
            DoubleVector e = Lanes.exp(minusArgument(x, x.mul(x)));
            Lanes.narrow(x.mul(sigmoid(e)), a, ai + i);
        }
    }

    @Override
    public void valueAndDerivative(ByteBuffer z, int zi, ByteBuffer a, int ai, ByteBuffer d, int di, int n) {
        for (int i = 0; i < n; i += Lanes.WIDE) {
            DoubleVector x = Lanes.widen(z, zi + i);
            DoubleVector square = x.mul(x);
            DoubleVector e = Lanes.exp(minusArgument(x, square));
            DoubleVector s = sigmoid(e);
            DoubleVector y = x.mul(s);
            Lanes.narrow(y, a, ai + i);
            DoubleVector slope = square.fma(DoubleVector.broadcast(Lanes.D, 3 * CUBIC), DoubleVector.broadcast(Lanes.D, LINEAR));
            Lanes.narrow(slope.mul(y).fma(e.mul(s), s), d, di + i);
        }
    }

    /** −2u. */
    private static DoubleVector minusArgument(DoubleVector x, DoubleVector square) {
        return square.fma(DoubleVector.broadcast(Lanes.D, -CUBIC), DoubleVector.broadcast(Lanes.D, -LINEAR)).mul(x);
    }

    /** σ(2u) from e = e^(−2u); σ(−2u) = e·σ(2u) then has no cancellation. */
    private static DoubleVector sigmoid(DoubleVector e) {
        return DoubleVector.broadcast(Lanes.D, 1).div(e.add(1));
    }
}
