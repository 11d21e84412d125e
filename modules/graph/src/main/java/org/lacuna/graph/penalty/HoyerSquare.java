package org.lacuna.graph.penalty;

import java.nio.ByteBuffer;
import java.util.List;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.cpu.Lanes;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The square Hoyer measure φ = S²/(Q + ε), S = Σ_j |v_j|, Q = Σ_j v_j² (D2DMoE, arXiv 2310.04361). Between 1 (one element) and n (all of
 * one magnitude), whatever the vector's scale, while Q ≫ ε. dφ/dv_j = 2·S/(Q + ε)·sign(v_j) − 2·S²/(Q + ε)²·v_j.
 *
 * <p>At the zero vector φ is 0, and so is the gradient. Near it, where Q is not ≫ ε, φ falls to 0 and the gradient is the largest:
 * at most (√n + 0.65·n)/√ε, 5e7·n by default, so that all is finite in floats. S and Q are sums in double, and so is the gradient
 * until it is rounded.
 */
final class HoyerSquare extends RowPenalty {
    private static final Parameter EPS = new Parameter("eps", "ε, added to the sum of squares", 1e-15, 1e-30, 1, false);

    @Override
    public String name() {
        return "hoyer_square";
    }

    @Override
    public int code() {
        return 2;
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(EPS);
    }

    @Override
    public INDArray reference(INDArray v, INDArray w, double... parameters) {
        INDArray s = referenceMagnitudes(v).sum(2);
        return s.mul(s).divi(v.mul(v).sum(2).addi(parameters[0]));
    }

    @Override
    public INDArray referenceGradient(INDArray v, INDArray w, double... parameters) {
        INDArray q = v.mul(v).sum(2).addi(parameters[0]);
        INDArray pull = referenceMagnitudes(v).sum(2).divi(q);
        INDArray toZero = referenceSigns(v).muli(referenceColumn(pull));
        INDArray toScale = v.mul(referenceColumn(pull.mul(pull)));
        return toZero.subi(toScale).muli(2).muli(referenceColumn(w));
    }

    @Override
    double value(ByteBuffer v, int at, int n, double[] parameters, double[] work) {
        valueLanes(v, at, n, work);
        double s = Magnitudes.total(work, 0, Lanes.WIDE);
        return s * s / (Magnitudes.total(work, Lanes.WIDE, Lanes.WIDE) + parameters[0]);
    }

    @Override
    void gradient(ByteBuffer v, int at, int n, double[] parameters, double size, ByteBuffer dv, int to, double[] work) {
        valueLanes(v, at, n, work);
        double pull = Magnitudes.total(work, 0, Lanes.WIDE) / (Magnitudes.total(work, Lanes.WIDE, Lanes.WIDE) + parameters[0]);
        gradientRow(v, at, n, 2 * size * pull, 2 * size * pull * pull, dv, to);
    }

    /** S in the first lanes, Q in the next: of each what belongs to a lane. */
    private static void valueLanes(ByteBuffer v, int at, int n, double[] lanes) {
        DoubleVector s = DoubleVector.zero(Lanes.D);
        DoubleVector q = DoubleVector.zero(Lanes.D);
        int i = 0;
        for (; i <= n - Lanes.WIDE; i += Lanes.WIDE) {
            DoubleVector x = Lanes.widen(v, at + i);
            s = s.add(x.abs());
            q = x.fma(x, q);
        }
        s.intoArray(lanes, 0);
        q.intoArray(lanes, Lanes.WIDE);
        for (int lane = 0; i < n; i++, lane++) {
            double x = Lanes.get(v, at + i);
            lanes[lane] += Math.abs(x);
            lanes[Lanes.WIDE + lane] += x * x;
        }
    }

    /** dv = toZero · sign(v) − toScale · v. */
    private static void gradientRow(ByteBuffer v, int at, int n, double toZero, double toScale, ByteBuffer dv, int to) {
        int i = 0;
        for (; i <= n - Lanes.WIDE; i += Lanes.WIDE) {
            DoubleVector x = Lanes.widen(v, at + i);
            DoubleVector sign = DoubleVector.zero(Lanes.D).blend(toZero, x.compare(VectorOperators.GT, 0)).blend(-toZero, x.compare(VectorOperators.LT, 0));
            Lanes.narrow(sign.sub(x.mul(toScale)), dv, to + i);
        }
        for (; i < n; i++) {
            double x = Lanes.get(v, at + i);
            Lanes.put(dv, to + i, (float) ((x > 0 ? toZero : x < 0 ? -toZero : 0) - x * toScale));
        }
    }
}
