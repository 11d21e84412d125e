package org.lacuna.graph.cpu;

/**
 * Attention and its gradient written out in double, element by element, with the bounds that a float kernel must keep.
 *
 * <p>The bounds follow from two rules, to first order: a sum of K terms may be off by 4·√K·2⁻²⁴·Σ|terms| ({@link OpCheck#sumError}),
 * an elementwise result by 4 ulp, 4·2⁻²³ of it at most ({@link #ULPS}). The steps, each named where it is used:
 * scores (sum of H products, times scale); exponent (score − largest, or score − lse); weight exp(exponent), whose
 * relative error is the exponent's absolute error and 4 ulp; y (weighted sum over the keys) over the weights' sum. A kernel
 * that multiplies bf16s rounds weights, and derivatives by the scores, before they are factors ({@link #rounding}); the
 * weights' sum is that of the floats.
 */
final class PlainAttention {
    static final double ULPS = 4 * 0x1p-23;

    /** What rounding adds to a factor that the kernel makes, relative to it: 0 for fp32. */
    private final double rounding;
    final double[] y;
    final double[] yBound;
    final double[] lse;
    final double[] lseBound;
    private final int batch;
    private final int length;
    private final int heads;
    private final int kvHeads;
    private final int size;
    private final double scale;
    private final double[] q;
    private final double[] k;
    private final double[] v;
    /** What the scores may be off, [B][N][T][T]; NaN where the mask hides. */
    private final double[][][][] scores;
    private final double[][][][] scoreErrors;

    /** Whether position t sees position j. */
    interface Sees {
        boolean test(int t, int j);
    }

    PlainAttention(int batch, int length, int heads, int kvHeads, int size, double scale, Sees sees, double rounding, double[] q, double[] k, double[] v) {
        this.rounding = rounding;
        this.batch = batch;
        this.length = length;
        this.heads = heads;
        this.kvHeads = kvHeads;
        this.size = size;
        this.scale = scale;
        this.q = q;
        this.k = k;
        this.v = v;
        y = new double[q.length];
        yBound = new double[q.length];
        lse = new double[batch * heads * length];
        lseBound = new double[lse.length];
        scores = new double[batch][heads][length][length];
        scoreErrors = new double[batch][heads][length][length];
        for (int b = 0; b < batch; b++) {
            for (int n = 0; n < heads; n++) {
                for (int t = 0; t < length; t++) {
                    score(b, n, t, sees);
                    forward(b, n, t);
                }
            }
        }
    }

    private int query(int b, int n, int t) {
        return ((b * length + t) * heads + n) * size;
    }

    private int key(int b, int n, int j) {
        return ((b * length + j) * kvHeads + n / (heads / kvHeads)) * size;
    }

    private void score(int b, int n, int t, Sees sees) {
        for (int j = 0; j < length; j++) {
            double dot = 0;
            double magnitudes = 0;
            for (int i = 0; i < size; i++) {
                double product = q[query(b, n, t) + i] * k[key(b, n, j) + i];
                dot += product;
                magnitudes += Math.abs(product);
            }
            scores[b][n][t][j] = sees.test(t, j) ? scale * dot : Double.NaN;
            scoreErrors[b][n][t][j] = scale * (OpCheck.sumError(size) * magnitudes + ULPS * Math.abs(dot));
        }
    }

    private void forward(int b, int n, int t) {
        double largest = Double.NEGATIVE_INFINITY;
        int keys = 0;
        for (double s : scores[b][n][t]) {
            if (!Double.isNaN(s)) {
                largest = Math.max(largest, s);
                keys++;
            }
        }
        double total = 0;
        for (double s : scores[b][n][t]) {
            total += Double.isNaN(s) ? 0 : Math.exp(s - largest);
        }
        // Relative errors of the weights: of each, and of their sum. The largest score cancels out of a quotient of weights.
        double[] errors = new double[length];
        double totalError = OpCheck.sumError(keys);
        for (int j = 0; j < length; j++) {
            double s = scores[b][n][t][j];
            if (!Double.isNaN(s)) {
                errors[j] = scoreErrors[b][n][t][j] + ULPS * (largest - s) + ULPS;
                totalError += Math.exp(s - largest) / total * errors[j];
            }
        }
        int at = (b * heads + n) * length + t;
        lse[at] = largest + Math.log(total);
        // exp(lse) is off by totalError, its logarithm too; then log and addition.
        lseBound[at] = totalError + ULPS * Math.abs(Math.log(total)) + ULPS * Math.abs(lse[at]);
        for (int i = 0; i < size; i++) {
            double value = 0;
            double bound = 0;
            double magnitudes = 0;
            for (int j = 0; j < length; j++) {
                double s = scores[b][n][t][j];
                if (!Double.isNaN(s)) {
                    double term = Math.exp(s - largest) / total * v[key(b, n, j) + i];
                    value += term;
                    magnitudes += Math.abs(term);
                    bound += Math.abs(term) * (errors[j] + rounding);
                }
            }
            y[query(b, n, t) + i] = value;
            yBound[query(b, n, t) + i] = bound + OpCheck.sumError(keys) * magnitudes + (totalError + ULPS) * Math.abs(value);
        }
    }

    /** The gradients of Σ dy·y, and their bounds, where the kernel is given this y and lse as floats. */
    final class Gradient {
        final double[] dq = new double[q.length];
        final double[] dqBound = new double[q.length];
        final double[] dk = new double[k.length];
        final double[] dkBound = new double[k.length];
        final double[] dv = new double[v.length];
        final double[] dvBound = new double[v.length];
        private final double[] dy;
        private final double[] given;
        private final double[] givenLse;

        Gradient(double[] dy, double[] givenY, double[] givenLse) {
            this.dy = dy;
            given = givenY;
            this.givenLse = givenLse;
            for (int b = 0; b < batch; b++) {
                for (int n = 0; n < heads; n++) {
                    for (int t = 0; t < length; t++) {
                        for (int j = 0; j < length; j++) {
                            if (!Double.isNaN(scores[b][n][t][j])) {
                                pair(b, n, t, j);
                            }
                        }
                    }
                }
            }
        }

        private void pair(int b, int n, int t, int j) {
            double exponent = scores[b][n][t][j] - givenLse[(b * heads + n) * length + t];
            double p = Math.exp(exponent);
            double pError = p * (scoreErrors[b][n][t][j] + ULPS * Math.abs(exponent) + ULPS);
            double dp = 0;
            double pull = 0;
            double magnitudes = 0;
            for (int i = 0; i < size; i++) {
                double g = dy[query(b, n, t) + i];
                dp += g * v[key(b, n, j) + i];
                pull += g * given[query(b, n, t) + i];
                magnitudes += Math.abs(g * v[key(b, n, j) + i]) + Math.abs(g * given[query(b, n, t) + i]);
            }
            double ds = scale * p * (dp - pull);
            // dp and pull are sums of H terms; then subtraction, and products with p and scale.
            double dsError = scale * (pError * Math.abs(dp - pull) + p * (OpCheck.sumError(size) * magnitudes + ULPS * Math.abs(dp - pull))) + 2 * ULPS * Math.abs(ds) + rounding * Math.abs(ds);
            // A gradient's sums have no more than T terms for dq, and T for each query head of the group for dk and dv.
            double one = OpCheck.sumError(length);
            double all = OpCheck.sumError(length * (heads / kvHeads));
            for (int i = 0; i < size; i++) {
                int at = query(b, n, t) + i;
                int to = key(b, n, j) + i;
                dq[at] += ds * k[to];
                dqBound[at] += Math.abs(k[to]) * (dsError + one * Math.abs(ds));
                dk[to] += ds * q[at];
                dkBound[to] += Math.abs(q[at]) * (dsError + all * Math.abs(ds));
                dv[to] += p * dy[at];
                dvBound[to] += Math.abs(dy[at]) * (pError + (all + rounding) * p);
            }
        }
    }
}
