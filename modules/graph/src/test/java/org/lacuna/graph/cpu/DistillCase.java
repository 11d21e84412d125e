package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import org.lacuna.graph.op.DistillLoss;
import org.lacuna.graph.op.DistillLossGrad;

/** Two sequences of as many positions of a student and a teacher; some weights are 0. */
record DistillCase(double temperature, OpCheck.Input x, OpCheck.Input table, OpCheck.Input teacherX, OpCheck.Input teacherTable, OpCheck.Input weights) {
    private static final double U = 0x1p-24;

    static DistillCase random(int t, int width, int teacherWidth, int vocabulary, double temperature) {
        Random random = new Random(31L * t + vocabulary);
        double[] weights = new double[2 * t];
        for (int r = 0; r < 2 * t; r++) {
            weights[r] = r > 0 && random.nextInt(5) == 0 ? 0 : random.nextDouble() / t;
        }
        return new DistillCase(temperature, OpCheck.normal(random, 1, true, 2, t, width), OpCheck.normal(random, 1, true, vocabulary, width),
                OpCheck.normal(random, 1, false, 2, t, teacherWidth), OpCheck.normal(random, 1, false, vocabulary, teacherWidth), OpCheck.floats(weights, false, 2, t));
    }

    /** The same of bf16 numbers. */
    DistillCase rounded() {
        return new DistillCase(temperature, x.rounded(), table.rounded(), teacherX.rounded(), teacherTable.rounded(), weights);
    }

    DistillCase withWeights(double... values) {
        return new DistillCase(temperature, x, table, teacherX, teacherTable, OpCheck.floats(values, false, weights.shape()));
    }

    DistillCase withStates(double[] student, double[] teacher) {
        return new DistillCase(temperature, OpCheck.floats(student, true, x.shape()), table, OpCheck.floats(teacher, false, teacherX.shape()), teacherTable, weights);
    }

    /** The teacher is the student. */
    DistillCase withItself() {
        return new DistillCase(temperature, x, table, new OpCheck.Input(x.type(), x.values(), x.shape(), false),
                new OpCheck.Input(table.type(), table.values(), table.shape(), false), weights);
    }

    OpCheck.Build lossOp() {
        return (sd, in) -> DistillLoss.of(sd, "out", "kl", in[0], in[1], in[2], in[3], in[4], temperature);
    }

    OpCheck.Build gradientOp() {
        return (sd, in) -> DistillLossGrad.of(sd, in[0], in[1], in[2], in[3], in[4], in[5], temperature);
    }

    OpCheck.Input[] lossInputs() {
        return new OpCheck.Input[] {x, table, teacherX, teacherTable, weights};
    }

    OpCheck.Input[] gradientInputs(double upstream) {
        return new OpCheck.Input[] {x, table, OpCheck.floats(new double[] {upstream}, true), teacherX, teacherTable, weights};
    }

    OpCheck.Outcome loss() {
        return OpCheck.outcome(lossOp(), lossInputs());
    }

    OpCheck.Outcome gradient(double upstream) {
        return OpCheck.outcome(gradientOp(), gradientInputs(upstream));
    }

    int tokens() {
        return weights.values().length;
    }

    boolean weighted(int token) {
        return weights.values()[token] != 0;
    }

    /** Reference and kernel against the formula. */
    void checkLoss(OpCheck.Outcome o) {
        double loss = 0;
        double bound = 0;
        for (int r = 0; r < tokens(); r++) {
            Token token = new Token(this, r);
            double kl = weighted(r) ? token.kl : 0;
            double klBound = weighted(r) ? token.klBound : 0;
            double by = weights.values()[r] * temperature * temperature;
            loss += by * kl;
            bound += by * klBound;
            assertEquals(kl, o.reference().get(1)[r], 1e-12 * (1 + kl));
            o.assertWithin(kl, klBound + U * kl, 1, r);
        }
        assertEquals(loss, o.reference().get(0)[0], 1e-12 * (1 + loss));
        o.assertWithin(loss, bound + U * loss, 0, 0);
    }

    /** Likewise for dx and dW; {@code rounding} as in {@link LogitGradient#check}. */
    void checkGradient(List<OpCheck.Outcome> outcomes, double upstream, double rounding) {
        LogitGradient g = new LogitGradient(x, table);
        for (int r = 0; r < tokens(); r++) {
            Token token = new Token(this, r);
            double by = weighted(r) ? upstream * weights.values()[r] * temperature : 0;
            for (int v = 0; v < token.student.p.length; v++) {
                double value = by * (token.student.p[v] - token.teacher.p[v]);
                // Each product is off by its factor and itself; then the difference.
                double off = by * (token.student.off(v) + token.teacher.off(v)) + U * Math.abs(value);
                g.set(r, v, value, off);
            }
        }
        g.check(outcomes, rounding);
    }

    /**
     * One model's distribution of a token in double, with how far floats may be off, u = 2⁻²⁴. A logit is a sum of D terms: off by
     * δ_v ≤ 4·√D·u·Σ|terms|. a_v = (l_v − max) / τ is that over τ, and what the difference, 1/τ and the product lose, 3u·|a_v|; the
     * maximum itself cancels, whatever it is. An exponential, which loses 2u, is off by the factor ε_v ≤ 1.01·(α_v + 2u), and their sum
     * by σ ≤ Σ p_v·ε_v + 4·√V·u. Below −87.3 an exponential stays at e^−87.3.
     */
    private static final class Distribution {
        final double[] a;
        final double[] aOff;
        final double[] p;
        final double[] relative;
        final double logSum;
        double sumOff;

        Distribution(OpCheck.Input x, OpCheck.Input table, int row, double temperature) {
            int width = (int) table.shape()[1];
            int vocabulary = (int) table.shape()[0];
            a = new double[vocabulary];
            aOff = new double[vocabulary];
            p = new double[vocabulary];
            relative = new double[vocabulary];
            double largest = Double.NEGATIVE_INFINITY;
            for (int v = 0; v < vocabulary; v++) {
                for (int i = 0; i < width; i++) {
                    double term = x.values()[row * width + i] * table.values()[v * width + i] / temperature;
                    a[v] += term;
                    aOff[v] += OpCheck.sumError(width) * Math.abs(term);
                }
                largest = Math.max(largest, a[v]);
            }
            double sum = 0;
            for (int v = 0; v < vocabulary; v++) {
                a[v] -= largest;
                aOff[v] += 3 * U * Math.abs(a[v]);
                sum += Math.exp(a[v]);
            }
            logSum = Math.log(sum);
            sumOff = OpCheck.sumError(vocabulary);
            for (int v = 0; v < vocabulary; v++) {
                p[v] = Math.exp(a[v]) / sum;
                relative[v] = 1.01 * (aOff[v] + 2 * U);
                sumOff += p[v] * relative[v];
            }
        }

        /** What a probability times some factor, both floats, may be off. */
        double off(int v) {
            return p[v] * (relative[v] + sumOff + 2 * U) + (a[v] < -87 ? Math.exp(-87.3) : 0);
        }
    }

    /** kl = Σ p_v·(a_v − b_v) + log Σ e^b_v − log Σ e^a_v: a term of the first sum is off by its factors, and by what a_v − b_v is off. */
    private static final class Token {
        final Distribution student;
        final Distribution teacher;
        final double kl;
        final double klBound;

        Token(DistillCase c, int row) {
            student = new Distribution(c.x, c.table, row, c.temperature);
            teacher = new Distribution(c.teacherX, c.teacherTable, row, c.temperature);
            double sum = 0;
            double bound = teacher.sumOff + student.sumOff;
            for (int v = 0; v < student.p.length; v++) {
                double difference = teacher.a[v] - student.a[v];
                sum += teacher.p[v] * (difference - teacher.logSum + student.logSum);
                double factors = teacher.relative[v] + teacher.sumOff + OpCheck.sumError(student.p.length) + 2 * U;
                bound += 1.01 * teacher.p[v] * (Math.abs(difference) * factors + teacher.aOff[v] + student.aOff[v]);
            }
            kl = sum;
            klBound = bound;
        }
    }
}
