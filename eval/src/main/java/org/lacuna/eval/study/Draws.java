package org.lacuna.eval.study;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import org.lacuna.sparsity.critical.PairedBootstrap;

/**
 * A number as it was measured and on each bootstrap draw. Numbers of the same draws are put together draw by draw, so that what they share cancels.
 *
 * @param value   as measured
 * @param draws   on each draw
 * @param certain whether the number is one on all of them: a critical sparsity that a curve does not give counts as 0, one that is but a lower bound as that
 *                bound, and neither is certain
 */
record Draws(double value, double[] draws, boolean certain) {
    static Draws combine(Draws a, Draws b, DoubleBinaryOperator how) {
        double[] both = new double[a.draws.length];
        Arrays.setAll(both, r -> how.applyAsDouble(a.draws[r], b.draws[r]));
        return new Draws(how.applyAsDouble(a.value, b.value), both, a.certain && b.certain);
    }

    Draws minus(Draws other) {
        return combine(this, other, (a, b) -> a - b);
    }

    Draws map(DoubleUnaryOperator how) {
        return new Draws(how.applyAsDouble(value), Arrays.stream(draws).map(how).toArray(), certain);
    }

    static Draws largest(List<Draws> of) {
        return of.stream().reduce((a, b) -> combine(a, b, Math::max)).orElseThrow();
    }

    static Draws mean(List<Draws> of) {
        return of.stream().reduce((a, b) -> combine(a, b, Double::sum)).orElseThrow().map(sum -> sum / of.size());
    }

    /** The percentile interval, of as many draws beyond it at either end. */
    double[] interval(double confidence) {
        double[] sorted = draws.clone();
        Arrays.sort(sorted);
        int outside = PairedBootstrap.outside(sorted.length, confidence);
        return new double[] {sorted[outside], sorted[sorted.length - 1 - outside]};
    }
}
