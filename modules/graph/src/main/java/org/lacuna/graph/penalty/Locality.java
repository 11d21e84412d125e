package org.lacuna.graph.penalty;

import java.nio.ByteBuffer;
import java.util.List;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.cpu.Lanes;
import org.lacuna.graph.cpu.TokenRows;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Log1p;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * How far neighbouring tokens differ in the signs of their pre-activations (BlockFFN's activation locality, arXiv 2507.08771): the
 * binary cross-entropy of the pair (t − 1, t), where the earlier token is the prediction σ(a), a = α·v_{t−1,j}, and the later one the target σ(b),
 * b = α·v_tj:
 *
 * <pre>
 * φ_t = (1/n)·Σ_j H_j,    H = −σ(b)·ln σ(a) − σ(−b)·ln σ(−a) = |a|·σ(∓b) + ln(1 + e^(−|a|)),  − where a ≥ 0
 * dH/da = σ(a) − σ(b),    dH/db = −a·σ(b)·σ(−b)
 * </pre>
 * A pair counts where both tokens have weight, with that of the later one; φ of a sequence's first token is 0, and so is that of one
 * behind a token without weight. The gradient goes through both sides: the target is no constant. No term is a difference of large ones, and e^(−|a|) never
 * overflows, so that all is finite as long as α·|v| is a float.
 *
 * <p>H is least, near 0, for a pair of equal sign and large magnitudes; where both vectors are 0 it is ln 2, and its gradient 0. So the penalty is one for
 * pre-activations, whose sign decides what is active, not for activations that are 0 or more.
 */
final class Locality implements Penalty {
    private static final Parameter ALPHA = new Parameter("alpha", "α, how steeply a pre-activation's sign becomes a probability", 100, 1e-6, 1e6, false);

    @Override
    public String name() {
        return "locality";
    }

    @Override
    public int code() {
        return 4;
    }

    @Override
    public boolean seesNeighbours() {
        return true;
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(ALPHA);
    }

    @Override
    public INDArray reference(INDArray v, INDArray w, double... parameters) {
        INDArray b = v.mul(parameters[0]);
        INDArray a = referenceShift(b, 1);
        INDArray positive = a.gt(0).castTo(a.dataType());
        INDArray magnitude = RowPenalty.referenceMagnitudes(a);
        INDArray other = referenceSigmoid(positive.mul(-2).addi(1).muli(b));
        INDArray h = Nd4j.getExecutioner().exec(new Log1p(Transforms.exp(magnitude.neg(), false)));
        return h.addi(magnitude.muli(other)).mean(2).muli(referencePairs(w));
    }

    @Override
    public INDArray referenceGradient(INDArray v, INDArray w, double... parameters) {
        INDArray x = v.mul(parameters[0]);
        INDArray pairs = referencePairs(w).muli(w).muli(parameters[0] / v.size(2));
        INDArray asTarget = referenceShift(x, 1).muli(referenceSigmoid(x)).muli(referenceSigmoid(x.neg()));
        INDArray asPrediction = referenceSigmoid(x).subi(referenceSigmoid(referenceShift(x, -1)));
        asPrediction.muli(RowPenalty.referenceColumn(referenceShift(pairs, -1)));
        return asPrediction.subi(asTarget.muli(RowPenalty.referenceColumn(pairs)));
    }

    /** 1 for a token that counts and stands behind one that does, else 0: a new array [B, T]. */
    private static INDArray referencePairs(INDArray w) {
        INDArray counts = w.gt(0).castTo(w.dataType());
        return referenceShift(counts, 1).muli(counts);
    }

    /** Of each token what {@code x} has {@code by} tokens earlier, 0 where that is outside of the sequence: a new array. */
    private static INDArray referenceShift(INDArray x, int by) {
        INDArray shifted = x.like();
        long tokens = x.size(1);
        for (long t = Math.max(0, by); t < Math.min(tokens, tokens + by); t++) {
            referenceToken(shifted, t).assign(referenceToken(x, t - by));
        }
        return shifted;
    }

    private static INDArray referenceToken(INDArray x, long t) {
        return x.rank() == 2 ? x.get(NDArrayIndex.all(), NDArrayIndex.point(t)) : x.get(NDArrayIndex.all(), NDArrayIndex.point(t), NDArrayIndex.all());
    }

    private static INDArray referenceSigmoid(INDArray x) {
        return Transforms.exp(x.neg(), false).addi(1).rdivi(1);
    }

    @Override
    public PenaltyLoops loops(int n, double... parameters) {
        return new Loops(n, parameters[0]);
    }

    private static final class Loops implements PenaltyLoops {
        private final int n;
        private final double alpha;
        /** Elements in whole vectors. */
        private final int whole;
        /** The elements behind them: of the token before, of the token, of the token behind, and of the token's gradient. */
        private final ByteBuffer rest = Lanes.floats(4 * Lanes.WIDE);
        private final double[] lanes = new double[2 * Lanes.WIDE];
        /** A row of exponentials or sigmoids. */
        private final double[] work;

        Loops(int n, double alpha) {
            this.n = n;
            this.alpha = alpha;
            whole = n - n % Lanes.WIDE;
            work = new double[Math.max(whole, Lanes.WIDE)];
        }

        @Override
        public int readable() {
            return 3;
        }

        @Override
        public void values(TokenRows v, int from, int to, double[] phi, int first) {
            for (int t = from; t < to; t++) {
                if (v.counts(t)) {
                    phi[first + t] = v.counts(t - 1) ? pair(v.floats(t - 1), v.read(t - 1), v.floats(t), v.read(t)) : 0;
                }
            }
        }

        private double pair(ByteBuffer a, int ai, ByteBuffer b, int bi) {
            copy(a, ai + whole, rest, 0, n - whole);
            copy(b, bi + whole, rest, Lanes.WIDE, n - whole);
            part(a, ai, b, bi, whole, 0);
            part(rest, 0, rest, Lanes.WIDE, Lanes.WIDE, Lanes.WIDE);
            return (Magnitudes.total(lanes, 0, Lanes.WIDE) + Magnitudes.total(lanes, Lanes.WIDE, n - whole)) / n;
        }

        private void part(ByteBuffer a, int ai, ByteBuffer b, int bi, int n, int to) {
            valueExponentials(a, ai, n, alpha, work);
            valueLogarithms(work, n, lanes, to);
            valueProducts(a, ai, b, bi, n, alpha, lanes, to);
        }

        @Override
        public void gradients(TokenRows v, int from, int to, double upstream, TokenRows dv) {
            for (int t = from; t < to; t++) {
                if (!v.counts(t)) {
                    continue;
                }
                // Where there is no pair, the token stands in for the one that is missing, with weight 0.
                int before = v.counts(t - 1) ? t - 1 : t;
                int behind = v.counts(t + 1) ? t + 1 : t;
                double asTarget = before < t ? upstream * v.weight(t) * alpha / n : 0;
                double asPrediction = behind > t ? upstream * v.weight(behind) * alpha / n : 0;
                row(v.floats(before), v.read(before), v.floats(t), v.read(t), v.floats(behind), v.read(behind), asTarget, asPrediction, dv.floats(t), dv.place(t));
                dv.written(t);
            }
        }

        private void row(ByteBuffer before, int bi, ByteBuffer x, int xi, ByteBuffer behind, int hi, double asTarget, double asPrediction, ByteBuffer dv, int di) {
            copy(before, bi + whole, rest, 0, n - whole);
            copy(x, xi + whole, rest, Lanes.WIDE, n - whole);
            copy(behind, hi + whole, rest, 2 * Lanes.WIDE, n - whole);
            gradientPart(before, bi, x, xi, behind, hi, whole, asTarget, asPrediction, dv, di);
            gradientPart(rest, 0, rest, Lanes.WIDE, rest, 2 * Lanes.WIDE, Lanes.WIDE, asTarget, asPrediction, rest, 3 * Lanes.WIDE);
            copy(rest, 3 * Lanes.WIDE, dv, di + whole, n - whole);
        }

        private void gradientPart(ByteBuffer before, int bi, ByteBuffer x, int xi, ByteBuffer behind, int hi, int n,
                double asTarget, double asPrediction, ByteBuffer dv, int di) {
            gradientSigmoids(behind, hi, n, alpha, work);
            gradientRow(before, bi, x, xi, work, n, alpha, alpha * asTarget, asPrediction, dv, di);
        }

        private static void copy(ByteBuffer from, int fi, ByteBuffer to, int ti, int n) {
            for (int i = 0; i < n; i++) {
                Lanes.put(to, ti + i, Lanes.get(from, fi + i));
            }
        }
    }

    /** e^(−|α·a|). Short passes, of one exponential at most: with a second, or a logarithm, C2 makes objects of the vectors. All of them want {@code n} to be whole vectors. */
    private static void valueExponentials(ByteBuffer a, int ai, int n, double alpha, double[] exponentials) {
        for (int i = 0; i < n; i += Lanes.WIDE) {
            Lanes.exp(Lanes.widen(a, ai + i).abs().mul(-alpha)).intoArray(exponentials, i);
        }
    }

    /** The sums over what belongs to each lane of ln(1 + e). */
    private static void valueLogarithms(double[] exponentials, int n, double[] lanes, int to) {
        DoubleVector sum = DoubleVector.zero(Lanes.D);
        for (int i = 0; i < n; i += Lanes.WIDE) {
            sum = sum.add(log1p(DoubleVector.fromArray(Lanes.D, exponentials, i)));
        }
        sum.intoArray(lanes, to);
    }

    /** To the sums those of |a|·σ(∓b), a and b being α times rows. */
    private static void valueProducts(ByteBuffer a, int ai, ByteBuffer b, int bi, int n, double alpha, double[] lanes, int to) {
        DoubleVector sum = DoubleVector.fromArray(Lanes.D, lanes, to);
        for (int i = 0; i < n; i += Lanes.WIDE) {
            DoubleVector x = Lanes.widen(a, ai + i).mul(alpha);
            DoubleVector y = Lanes.widen(b, bi + i).mul(alpha);
            // −(∓b), for σ(z) = 1/(1 + e^(−z)).
            DoubleVector other = y.neg().blend(y, x.compare(VectorOperators.GE, 0));
            sum = sum.add(x.abs().div(Lanes.exp(other).add(1)));
        }
        sum.intoArray(lanes, to);
    }

    /**
     * ln(1 + e) for 0 ≤ e ≤ 1 to a relative error of 1e-10: 2·artanh(s), s = e/(2 + e), by a polynomial in s², a fit at Chebyshev's points.
     */
    private static DoubleVector log1p(DoubleVector e) {
        DoubleVector s = e.div(e.add(2));
        DoubleVector z = s.mul(s);
        DoubleVector p = z.fma(DoubleVector.broadcast(Lanes.D, 0.12196954042011512), DoubleVector.broadcast(Lanes.D, 0.10699280253339272));
        p = p.fma(z, DoubleVector.broadcast(Lanes.D, 0.14310103704218619));
        p = p.fma(z, DoubleVector.broadcast(Lanes.D, 0.19999355623431167));
        p = p.fma(z, DoubleVector.broadcast(Lanes.D, 0.33333339513216986));
        p = p.fma(z, DoubleVector.broadcast(Lanes.D, 0.9999999999045031));
        return p.mul(s).mul(2);
    }

    /** σ(α·x). */
    private static void gradientSigmoids(ByteBuffer x, int xi, int n, double alpha, double[] sigmoids) {
        for (int i = 0; i < n; i += Lanes.WIDE) {
            DoubleVector e = Lanes.exp(Lanes.widen(x, xi + i).mul(-alpha));
            DoubleVector.broadcast(Lanes.D, 1).div(e.add(1)).intoArray(sigmoids, i);
        }
    }

    /** dv = asPrediction · (σ(α·x) − behind) − asTarget · before · σ(α·x)·σ(−α·x), where behind are sigmoids already and asTarget has another α. */
    private static void gradientRow(ByteBuffer before, int bi, ByteBuffer x, int xi, double[] behind, int n, double alpha,
            double asTarget, double asPrediction, ByteBuffer dv, int di) {
        for (int i = 0; i < n; i += Lanes.WIDE) {
            DoubleVector e = Lanes.exp(Lanes.widen(x, xi + i).mul(-alpha));
            DoubleVector s = DoubleVector.broadcast(Lanes.D, 1).div(e.add(1));
            DoubleVector pull = Lanes.widen(before, bi + i).mul(asTarget).mul(e.mul(s).mul(s));
            Lanes.narrow(s.sub(DoubleVector.fromArray(Lanes.D, behind, i)).mul(asPrediction).sub(pull), dv, di + i);
        }
    }
}
