package org.lacuna.graph.activation;

import java.nio.ByteBuffer;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.cpu.Lanes;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Erfc;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * f(z) = z·Φ(z), Φ the normal distribution, by the error function (Hendrycks and Gimpel, arXiv 1606.08415).
 * f′(z) = Φ(z) + z·φ(z), φ the normal density.
 *
 * <p>The value is within 1.5 ulp; it underflows a float below z = −13.1 and is 0 from −14.4 down. The loops take
 * Φ(−t) = M(t)·e^(−t²/2), t ≥ 0, since 1 − erf would lose all digits in the tail; M, Mills' ratio times φ(0), is smooth and
 * falls from 0.5 as 1/t. They work in double, since an error in z² is an error in the exponent.
 */
final class Gelu implements Activation {
    private static final double DENSITY_AT_ZERO = 0.3989422804014327;

    @Override
    public String name() {
        return "gelu";
    }

    @Override
    public int code() {
        return 4;
    }

    @Override
    public INDArray reference(INDArray z) {
        return referenceDistribution(z).muli(z);
    }

    @Override
    public INDArray referenceDerivative(INDArray z) {
        INDArray density = Transforms.exp(z.mul(z).muli(-0.5), false).muli(DENSITY_AT_ZERO);
        return density.muli(z).addi(referenceDistribution(z));
    }

    /** Φ(z) = erfc(−z/√2)/2. */
    private static INDArray referenceDistribution(INDArray z) {
        INDArray x = z.mul(-Math.sqrt(0.5));
        return Nd4j.getExecutioner().exec(new Erfc(x, x)).muli(0.5);
    }

    @Override
    public void value(ByteBuffer z, int zi, ByteBuffer a, int ai, int n) {
        mills(z, zi, a, ai, n);
        valueFromMills(z, zi, a, ai, n);
    }

    @Override
    public void valueAndDerivative(ByteBuffer z, int zi, ByteBuffer a, int ai, ByteBuffer d, int di, int n) {
        mills(z, zi, a, ai, n);
        valueOfDerivative(z, zi, a, ai, d, di, n);
        valueFromMills(z, zi, a, ai, n);
    }

    /** a = Φ(z)·z, where a holds M(|z|). */
    private static void valueFromMills(ByteBuffer z, int zi, ByteBuffer a, int ai, int n) {
        for (int i = 0; i < n; i += Lanes.WIDE) {
            DoubleVector x = Lanes.widen(z, zi + i);
            DoubleVector tail = Lanes.widen(a, ai + i).mul(Lanes.exp(x.mul(x).mul(-0.5)));
            Lanes.narrow(distribution(x, tail).mul(x), a, ai + i);
        }
    }

    /** d = Φ(z) + z·φ(z), where m holds M(|z|). A pass of its own, with an exponential of its own: see {@link #mills}. */
    private static void valueOfDerivative(ByteBuffer z, int zi, ByteBuffer m, int mi, ByteBuffer d, int di, int n) {
        for (int i = 0; i < n; i += Lanes.WIDE) {
            DoubleVector x = Lanes.widen(z, zi + i);
            DoubleVector e = Lanes.exp(x.mul(x).mul(-0.5));
            DoubleVector p = distribution(x, Lanes.widen(m, mi + i).mul(e));
            Lanes.narrow(x.mul(DENSITY_AT_ZERO).fma(e, p), d, di + i);
        }
    }

    /** Φ(x) from Φ(−|x|). */
    private static DoubleVector distribution(DoubleVector x, DoubleVector tail) {
        return DoubleVector.broadcast(Lanes.D, 1).sub(tail).blend(tail, x.compare(VectorOperators.LT, 0));
    }

    /**
     * m = M(|z|) = g(q)/(t + 3.6), where t = |z| and q = (t − 3.6)/(t + 3.6) takes the half-line to [−1, 1): g is a Chebyshev fit of
     * degree 14, relative error 3e-11.
     *
     * <p>C2 never inlines a method of more than 325 bytes of bytecode, as this one is. Inlined into one with the others it
     * would exceed the nodes that C2 allows a compilation, and the vectors would lie on the heap: ten times slower.
     */
    private static void mills(ByteBuffer z, int zi, ByteBuffer m, int mi, int n) {
        for (int i = 0; i < n; i += Lanes.WIDE) {
            DoubleVector t = Lanes.widen(z, zi + i).abs();
            DoubleVector r = DoubleVector.broadcast(Lanes.D, 1).div(t.add(3.6));
            DoubleVector q = t.sub(3.6).mul(r);
            DoubleVector g = q.fma(DoubleVector.broadcast(Lanes.D, -1.426171057180434e-06), DoubleVector.broadcast(Lanes.D, 6.240517607714055e-07));
            g = g.fma(q, DoubleVector.broadcast(Lanes.D, 1.3135926794140551e-05));
            g = g.fma(q, DoubleVector.broadcast(Lanes.D, -1.556720027360018e-06));
            g = g.fma(q, DoubleVector.broadcast(Lanes.D, -8.181358231061699e-05));
            g = g.fma(q, DoubleVector.broadcast(Lanes.D, -9.167761726626398e-06));
            g = g.fma(q, DoubleVector.broadcast(Lanes.D, 0.000515605225845808));
            g = g.fma(q, DoubleVector.broadcast(Lanes.D, -4.8269057522395547e-05));
            g = g.fma(q, DoubleVector.broadcast(Lanes.D, -0.003742511268202642));
            g = g.fma(q, DoubleVector.broadcast(Lanes.D, 0.004771676984525187));
            g = g.fma(q, DoubleVector.broadcast(Lanes.D, 0.02504198837621876));
            g = g.fma(q, DoubleVector.broadcast(Lanes.D, -0.1302476840549446));
            g = g.fma(q, DoubleVector.broadcast(Lanes.D, 0.3308400794694394));
            g = g.fma(q, DoubleVector.broadcast(Lanes.D, -0.5749944832253917));
            g = g.fma(q, DoubleVector.broadcast(Lanes.D, 0.7468860822111322));
            Lanes.narrow(g.mul(r), m, mi + i);
        }
    }
}
