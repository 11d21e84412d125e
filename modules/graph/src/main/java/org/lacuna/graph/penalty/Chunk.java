package org.lacuna.graph.penalty;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.lacuna.graph.cpu.Lanes;
import org.lacuna.graph.cpu.TokenRows;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * How many elements a run of neighbouring tokens uses between them (BlockFFN's chunk sparsification, arXiv 2507.08771). A sequence
 * is cut into chunks of so many tokens, the last one shorter. Were element j active for token t with probability p_tj, then some
 * token of the chunk would use it with
 *
 * <pre>
 * P_j = 1 − Π_t (1 − p_tj) = 1 − exp(Σ_t ln(1 − p_tj))
 * </pre>
 * over the chunk's tokens that count, and φ_t = (1/n)·Σ_j P_j of the chunk that t is in. So a chunk weighs what its tokens weigh together, and with
 * weights that add up to 1 the penalty is the mean over tokens, whatever the chunks' lengths.
 *
 * <p>BlockFFN has a router to take p from; a site of a plain feed-forward block has values only. Here p = 1 − exp(−α·|v|): 0 at v = 0
 * and nowhere else (a sigmoid would call a zero half active), rising to 1, even, and smooth but for the kink at 0. Then ln(1 − p) =
 * −α·|v|, which never overflows, and with s_j = Σ_t |v_tj| over the chunk
 *
 * <pre>
 * P_j = 1 − exp(−α·s_j),    dP_j/dv_tj = α·exp(−α·s_j)·sign(v_tj), 0 at 0
 * </pre>
 * 1/α is the magnitude from which an element counts as active. An element that is used much more than that, α·s_j ≫ 1, has almost no gradient: the penalty
 * frees chunks of elements that are nearly unused. All is 0 where v is 0. Sums in double; 1 − exp to 1e-9 of it down to α·s = 1e-7.
 */
final class Chunk implements Penalty {
    private static final Parameter LENGTH = new Parameter("chunk", "how many tokens a chunk has", 64, 1, 1 << 20, true);
    private static final Parameter ALPHA = new Parameter("alpha", "α, the inverse of the magnitude from which an element counts as active", 1, 1e-6, 1e6, false);

    @Override
    public String name() {
        return "chunk";
    }

    @Override
    public int code() {
        return 5;
    }

    @Override
    public boolean seesNeighbours() {
        return true;
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(LENGTH, ALPHA);
    }

    @Override
    public INDArray reference(INDArray v, INDArray w, double... parameters) {
        INDArray phi = w.like();
        int chunk = (int) parameters[0];
        for (long from = 0; from < w.size(1); from += chunk) {
            INDArrayIndex tokens = NDArrayIndex.interval(from, Math.min(from + chunk, w.size(1)));
            INDArray unused = referenceUnused(RowPenalty.referenceMagnitudes(referencePart(v, tokens)), parameters[1]);
            phi.get(NDArrayIndex.all(), tokens).addiColumnVector(unused.rsubi(1).mean(1).reshape(w.size(0), 1));
        }
        return phi;
    }

    @Override
    public INDArray referenceGradient(INDArray v, INDArray w, double... parameters) {
        INDArray gradient = v.like();
        int chunk = (int) parameters[0];
        for (long from = 0; from < w.size(1); from += chunk) {
            INDArrayIndex tokens = NDArrayIndex.interval(from, Math.min(from + chunk, w.size(1)));
            INDArray part = referencePart(v, tokens);
            INDArray weight = w.get(NDArrayIndex.all(), tokens).sum(1).muli(parameters[1] / v.size(2)).reshape(w.size(0), 1);
            INDArray slope = referenceUnused(RowPenalty.referenceMagnitudes(part), parameters[1]).muliColumnVector(weight);
            INDArray signs = RowPenalty.referenceSigns(part);
            referencePut(gradient, tokens, signs.muli(slope.reshape(v.size(0), 1, v.size(2))));
        }
        return gradient;
    }

    /** Some of the tokens: a new array. */
    private static INDArray referencePart(INDArray v, INDArrayIndex tokens) {
        return v.get(NDArrayIndex.all(), tokens, NDArrayIndex.all()).dup('c').reshape(v.size(0), tokens.length(), v.size(2));
    }

    private static void referencePut(INDArray v, INDArrayIndex tokens, INDArray part) {
        v.put(new INDArrayIndex[] {NDArrayIndex.all(), tokens, NDArrayIndex.all()}, part);
    }

    /** exp(−α·s) [B, n] of a chunk's magnitudes [B, chunk, n]. */
    private static INDArray referenceUnused(INDArray magnitudes, double alpha) {
        return Transforms.exp(magnitudes.sum(1).muli(-alpha), false);
    }

    @Override
    public PenaltyLoops loops(int n, double... parameters) {
        return new Loops(n, (int) parameters[0], parameters[1]);
    }

    private static final class Loops implements PenaltyLoops {
        private final int n;
        private final int chunk;
        private final double alpha;
        /** Up to whole vectors, beyond n always 0. */
        private final double[] sums;
        private final ByteBuffer slopes;
        private final double[] lanes = new double[Lanes.WIDE];

        Loops(int n, int chunk, double alpha) {
            this.n = n;
            this.chunk = chunk;
            this.alpha = alpha;
            sums = new double[(n + Lanes.WIDE - 1) / Lanes.WIDE * Lanes.WIDE];
            slopes = Lanes.floats(n);
        }

        @Override
        public int step() {
            return chunk;
        }

        @Override
        public void values(TokenRows v, int from, int to, double[] phi, int first) {
            for (int start = from; start < to; start += chunk) {
                int end = Math.min(start + chunk, to);
                if (sum(v, start, end) == 0) {
                    continue;
                }
                valueLanes(sums, alpha, lanes);
                double mean = Magnitudes.total(lanes, 0, Lanes.WIDE) / n;
                for (int t = start; t < end; t++) {
                    phi[first + t] = mean;
                }
            }
        }

        @Override
        public void gradients(TokenRows v, int from, int to, double upstream, TokenRows dv) {
            for (int start = from; start < to; start += chunk) {
                int end = Math.min(start + chunk, to);
                double weight = sum(v, start, end);
                gradientSlopes(sums, alpha, upstream * weight * alpha / n, slopes);
                for (int t = start; t < end; t++) {
                    if (v.counts(t)) {
                        gradientRow(v.floats(t), v.read(t), n, slopes, dv.floats(t), dv.place(t));
                        dv.written(t);
                    }
                }
            }
        }

        /** Makes {@code sums} those of a chunk; returns the chunk's weight. */
        private double sum(TokenRows v, int start, int end) {
            Arrays.fill(sums, 0);
            double weight = 0;
            for (int t = start; t < end; t++) {
                if (v.counts(t)) {
                    weight += v.weight(t);
                    valueAdd(v.floats(t), v.read(t), n, sums);
                }
            }
            return weight;
        }
    }

    /** sums += |v|. */
    private static void valueAdd(ByteBuffer v, int at, int n, double[] sums) {
        int i = 0;
        for (; i <= n - Lanes.WIDE; i += Lanes.WIDE) {
            DoubleVector.fromArray(Lanes.D, sums, i).add(Lanes.widen(v, at + i).abs()).intoArray(sums, i);
        }
        for (; i < n; i++) {
            sums[i] += Math.abs(Lanes.get(v, at + i));
        }
    }

    /** The sums over what belongs to each lane of 1 − exp(−α·sums), which is 0 where there is no element. */
    private static void valueLanes(double[] sums, double alpha, double[] lanes) {
        DoubleVector used = DoubleVector.zero(Lanes.D);
        for (int i = 0; i < sums.length; i += Lanes.WIDE) {
            DoubleVector unused = Lanes.exp(DoubleVector.fromArray(Lanes.D, sums, i).mul(-alpha));
            used = used.add(DoubleVector.broadcast(Lanes.D, 1).sub(unused));
        }
        used.intoArray(lanes, 0);
    }

    /** slopes = size · exp(−α·sums). */
    private static void gradientSlopes(double[] sums, double alpha, double size, ByteBuffer slopes) {
        for (int i = 0; i < sums.length; i += Lanes.WIDE) {
            Lanes.narrow(Lanes.exp(DoubleVector.fromArray(Lanes.D, sums, i).mul(-alpha)).mul(size), slopes, i);
        }
    }

    /** dv = slopes · sign(v). */
    private static void gradientRow(ByteBuffer v, int at, int n, ByteBuffer slopes, ByteBuffer dv, int to) {
        int i = 0;
        for (; i <= n - Lanes.WIDTH; i += Lanes.WIDTH) {
            FloatVector x = Lanes.load(v, at + i);
            FloatVector slope = Lanes.load(slopes, i);
            FloatVector d = slope.blend(slope.neg(), x.compare(VectorOperators.LT, 0)).blend(0, x.compare(VectorOperators.EQ, 0));
            Lanes.store(d, dv, to + i);
        }
        for (; i < n; i++) {
            float x = Lanes.get(v, at + i);
            float slope = Lanes.get(slopes, i);
            Lanes.put(dv, to + i, x > 0 ? slope : x < 0 ? -slope : 0);
        }
    }
}
