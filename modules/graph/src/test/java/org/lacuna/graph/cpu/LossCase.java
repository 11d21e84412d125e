package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import org.lacuna.graph.op.LmHeadLoss;
import org.lacuna.graph.op.LmHeadLossGrad;

/**
 * Two sequences of {@code t} positions; some targets are −1 and some weights 0.
 *
 * @param z the factor of (log Z)², a float
 */
record LossCase(int t, int width, int vocabulary, OpCheck.Input x, OpCheck.Input table, OpCheck.Input targets, OpCheck.Input weights, double z) {
    static final OpCheck.Build LOSS = (sd, in) -> LmHeadLoss.of(sd, "out", "nll", in[0], in[1], in[2], in[3]);
    static final OpCheck.Build GRADIENT = (sd, in) -> LmHeadLossGrad.of(sd, in[0], in[1], in[2], in[3], in[4], 0);
    private static final double U = 0x1p-24;

    static LossCase random(int t, int width, int vocabulary, double scale) {
        Random random = new Random(31L * t + vocabulary);
        int[] targets = new int[2 * t];
        double[] weights = new double[2 * t];
        for (int r = 0; r < 2 * t; r++) {
            targets[r] = r > 0 && random.nextInt(5) == 0 ? -1 : random.nextInt(vocabulary);
            weights[r] = r > 0 && random.nextInt(5) == 0 ? 0 : random.nextDouble() / t;
        }
        return new LossCase(t, width, vocabulary, OpCheck.normal(random, scale, true, 2, t, width), OpCheck.normal(random, 1, true, vocabulary, width),
                OpCheck.ints(targets, 2, t), OpCheck.floats(weights, false, 2, t), 0);
    }

    LossCase withX(double[] values) {
        return new LossCase(t, width, vocabulary, OpCheck.floats(values, true, x.shape()), table, targets, weights, z);
    }

    LossCase withZ(double value) {
        return new LossCase(t, width, vocabulary, x, table, targets, weights, value);
    }

    /** The same of bf16 numbers. */
    LossCase rounded() {
        return new LossCase(t, width, vocabulary, x.rounded(), table.rounded(), targets, weights, z);
    }

    OpCheck.Build lossOp() {
        return (sd, in) -> LmHeadLoss.of(sd, "out", "nll", in[0], in[1], in[2], in[3], z);
    }

    OpCheck.Build gradientOp() {
        return (sd, in) -> LmHeadLossGrad.of(sd, in[0], in[1], in[2], in[3], in[4], z);
    }

    OpCheck.Input[] lossInputs() {
        return new OpCheck.Input[] {x, table, targets, weights};
    }

    OpCheck.Input[] gradientInputs(double upstream) {
        return new OpCheck.Input[] {x, table, OpCheck.floats(new double[] {upstream}, true), targets, weights};
    }

    OpCheck.Outcome loss() {
        return OpCheck.outcome(lossOp(), lossInputs());
    }

    OpCheck.Outcome gradient(double upstream) {
        return OpCheck.outcome(gradientOp(), gradientInputs(upstream));
    }

    boolean scored(int r) {
        return targets.values()[r] >= 0 && weights.values()[r] != 0;
    }

    /** Reference and kernel against the formula. */
    void checkLoss(OpCheck.Outcome o) {
        double loss = 0;
        double bound = 0;
        for (int r = 0; r < 2 * t; r++) {
            Row row = new Row(this, r);
            if (scored(r)) {
                loss += weights.values()[r] * (row.nll + z * row.logSum * row.logSum);
                bound += weights.values()[r] * (row.nllBound + z * row.sumBound * (2 * Math.abs(row.logSum) + row.sumBound));
            }
            assertEquals(row.nll, o.reference().get(1)[r], 1e-12 * (1 + Math.abs(row.nll)));
            o.assertWithin(row.nll, row.nllBound + U * row.nll, 1, r);
        }
        assertEquals(loss, o.reference().get(0)[0], 1e-12 * (1 + loss));
        o.assertWithin(loss, bound + U * loss, 0, 0);
    }

    /** Likewise for dx and dW; {@code rounding} as in {@link LogitGradient#check}. */
    void checkGradient(List<OpCheck.Outcome> outcomes, double upstream, double rounding) {
        LogitGradient g = new LogitGradient(x, table);
        for (int r = 0; r < 2 * t; r++) {
            Row row = new Row(this, r);
            double scored = scored(r) ? upstream * weights.values()[r] : 0;
            double pull = 1 + 2 * z * row.logSum;
            for (int v = 0; v < vocabulary; v++) {
                double value = scored * (row.p[v] * pull - (v == (int) targets.values()[r] ? 1 : 0));
                double off = (row.pBound[v] + 2 * U * row.p[v]) * Math.abs(pull) + (row.p[v] + row.pBound[v]) * 2 * z * row.sumBound;
                g.set(r, v, value, scored * off + U * Math.abs(value)); // factor, product, difference
            }
        }
        g.check(outcomes, rounding);
    }

    /**
     * One row in double, with how far floats may be off. A logit is a sum of D terms: off by δ_v ≤ 4·√D·u·Σ|terms|, u = 2⁻²⁴.
     * It loses u·|l_v − max| when the maximum is taken off, and 2u in the exponential, so that e_v is off by the factor
     * ε_v ≤ 1.01·(δ_v + u·(|l_v − max| + 2)), where e^a − 1 ≤ 1.01·a for these sizes. The V-term sum, and with it
     * its logarithm, is off by σ ≤ Σ p_v·ε_v + 4·√V·u. The maximum itself cancels, whatever it is. Below −87.3 the
     * exponential stays at e^−87.3 ({@link Lanes#exp}).
     */
    private static final class Row {
        final double[] p;
        final double[] pBound;
        final double nll;
        final double nllBound;
        final double logSum;
        /** What {@link #logSum} may be off. */
        final double sumBound;

        Row(LossCase c, int r) {
            p = new double[c.vocabulary];
            pBound = new double[c.vocabulary];
            double[] delta = new double[c.vocabulary];
            double[] logits = new double[c.vocabulary];
            double largest = Double.NEGATIVE_INFINITY;
            for (int v = 0; v < c.vocabulary; v++) {
                for (int i = 0; i < c.width; i++) {
                    double term = c.x.values()[r * c.width + i] * c.table.values()[v * c.width + i];
                    logits[v] += term;
                    delta[v] += 4 * Math.sqrt(c.width) * U * Math.abs(term);
                }
                largest = Math.max(largest, logits[v]);
            }
            double sum = 0;
            for (int v = 0; v < c.vocabulary; v++) {
                sum += Math.exp(logits[v] - largest);
            }
            double bound = 4 * Math.sqrt(c.vocabulary) * U;
            for (int v = 0; v < c.vocabulary; v++) {
                p[v] = Math.exp(logits[v] - largest) / sum;
                pBound[v] = 1.01 * (delta[v] + U * (largest - logits[v] + 2));
                bound += p[v] * pBound[v];
            }
            sumBound = bound;
            logSum = Math.log(sum) + largest;
            for (int v = 0; v < c.vocabulary; v++) {
                pBound[v] = p[v] * (pBound[v] + sumBound) + (largest - logits[v] > 87 ? Math.exp(-87.3) : 0);
            }
            int target = (int) c.targets.values()[r];
            nll = c.scored(r) ? logSum - logits[target] : 0;
            nllBound = c.scored(r) ? sumBound + delta[target] : 0;
        }
    }
}
