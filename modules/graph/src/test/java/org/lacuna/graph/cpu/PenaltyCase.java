package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.lacuna.graph.op.SitePenalty;
import org.lacuna.graph.op.SitePenaltyGrad;
import org.lacuna.graph.penalty.Penalties;
import org.lacuna.graph.penalty.Penalty;
import org.nd4j.autodiff.samediff.SDVariable;

/** A penalty with its parameters and what it works on. */
record PenaltyCase(Penalty penalty, double[] parameters, OpCheck.Input v, OpCheck.Input w) {
    static final double UPSTREAM = 0.3f;

    static PenaltyCase of(String name, double[] parameters, double[] v, double[] w, long... shape) {
        return new PenaltyCase(Penalties.byName(name), parameters, OpCheck.floats(v, true, shape), OpCheck.floats(w, false, shape[0], shape[1]));
    }

    /** A third of the values are 0; every fifth token has no weight, and NaN for a vector. */
    static PenaltyCase random(Penalty penalty, double scale, double[] parameters, int sequences, int tokens, int n) {
        Random random = new Random(100L * n + tokens);
        double[] values = OpCheck.normal(random, scale, true, sequences, tokens, n).rounded().values();
        double[] weights = new double[sequences * tokens];
        for (int row = 0; row < weights.length; row++) {
            weights[row] = row % 5 == 3 ? 0 : (float) (random.nextDouble() + 0.1);
            for (int j = 0; j < n; j++) {
                int at = row * n + j;
                values[at] = weights[row] == 0 ? Double.NaN : random.nextInt(3) == 0 ? 0 : values[at];
            }
        }
        return of(penalty.name(), parameters, values, weights, sequences, tokens, n);
    }

    OpCheck.Build value() {
        return (sd, in) -> new SDVariable[] {SitePenalty.of(sd, "penalty", penalty, parameters, in[0], in[1])};
    }

    OpCheck.Build grad() {
        return (sd, in) -> new SDVariable[] {SitePenaltyGrad.of(sd, penalty, parameters, in[0], in[1], in[2])};
    }

    static OpCheck.Input upstream(double d) {
        return OpCheck.floats(new double[] {d}, true);
    }

    /** Asserts the penalty and its gradient (upstream 1), of the reference to 1e-6 (v itself is rounded to float), of the kernel as well. */
    void assertIs(double expected, double... gradient) {
        OpCheck.Outcome o = OpCheck.outcome(value(), v, w);
        OpCheck.Outcome g = OpCheck.outcome(grad(), upstream(1), v, w);
        for (double found : new double[] {o.reference().get(0)[0], o.kernel().get(0)[0]}) {
            assertEquals(expected, found, 1e-6 * Math.abs(expected));
        }
        double largest = Arrays.stream(gradient).map(Math::abs).max().orElse(0);
        for (double[] found : List.of(g.reference().get(0), g.kernel().get(0))) {
            assertEquals(gradient.length, found.length);
            for (int i = 0; i < gradient.length; i++) {
                assertEquals(gradient[i], found[i], 1e-6 * largest, "gradient of element " + i);
            }
        }
    }

    /** The kernel's value to a unit in the last place; its gradient to one and 1e-9 of the terms that it is the difference of. */
    void check(List<OpCheck.Outcome> values, List<OpCheck.Outcome> gradients) {
        values.forEach(o -> o.assertUlps(0, 1));
        double[] expected = gradients.get(0).reference().get(0);
        int n = (int) v.shape()[2];
        for (int i = 0; i < expected.length; i++) {
            double ulp = Math.max(Float.MIN_NORMAL, Math.ulp((float) expected[i]));
            double terms = w.values()[i / n] == 0 ? 0 : UPSTREAM * terms(i, n);
            for (OpCheck.Outcome o : gradients) {
                o.assertWithin(ulp + 1e-9 * terms, 0, i);
            }
        }
    }

    /** What is subtracted from what in the gradient of an element, in magnitude; 0 where there is no difference. Weights are below 2. */
    private double terms(int i, int n) {
        int row = i / n * n;
        return switch (penalty.name()) {
            case "hoyer_square" -> {
                double[] x = Arrays.copyOfRange(v.values(), row, row + n);
                double s = Arrays.stream(x).map(Math::abs).sum();
                yield 8 * s / (Arrays.stream(x).map(a -> a * a).sum() + parameters[0]);
            }
            case "locality" -> 2 * parameters[0] / n * (2 + (i < n || Double.isNaN(v.values()[i - n]) ? 0 : parameters[0] * Math.abs(v.values()[i - n])));
            default -> 0;
        };
    }
}
