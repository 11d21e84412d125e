package org.lacuna.graph.penalty;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A differentiable measure of how far activations are from sparse, which training adds to its loss. Of v [B, T, n] with token
 * weights w [B, T] ≥ 0 it is Σ_t w_t·φ_t over all tokens, where φ_t depends on v_t, and for some penalties on other tokens of the same
 * sequence. A token of weight 0 doesn't count: nothing depends on its vector, which may be anything. With weights that add up to
 * 1, the penalty is the mean of φ over the tokens.
 *
 * <p>It has two sides: a reference in plain ND4J operations in double, and loops for the CPU's kernels. The reference calls nothing of the loops.
 */
public interface Penalty {

    /** The name in recipes. */
    String name();

    /** The number that a graph carries. It never changes, since saved graphs hold it. */
    int code();

    /** What it takes, in the order in which a graph carries the values. */
    default List<Parameter> parameters() {
        return List.of();
    }

    /** Whether φ of a token depends on other tokens of its sequence too. */
    default boolean seesNeighbours() {
        return false;
    }

    /** Its parameters' default values, in their order. */
    default double[] defaults() {
        return parameters().stream().mapToDouble(Parameter::def).toArray();
    }

    /**
     * Refuses values that are not one for each parameter within its bounds.
     *
     * @throws IllegalArgumentException which says what was expected
     */
    default void check(double... values) {
        List<Parameter> parameters = parameters();
        if (values.length != parameters.size()) {
            throw new IllegalArgumentException("penalty '" + name() + "' takes " + parameters.size() + " parameters "
                    + parameters.stream().map(Parameter::name).toList() + ", not " + values.length);
        }
        for (int i = 0; i < values.length; i++) {
            Parameter p = parameters.get(i);
            if (!p.allows(values[i])) {
                throw new IllegalArgumentException("penalty '" + name() + "': " + p.name() + " is " + values[i] + ", but must be " + p.range());
            }
        }
    }

    /**
     * φ, a new array [B, T]; what it holds for tokens that don't count is finite and means nothing.
     *
     * @param v [B, T, n] in double, rows of tokens that don't count being 0; not modified
     * @param w [B, T] in double; not modified
     */
    INDArray reference(INDArray v, INDArray w, double... parameters);

    /** d(Σ_t w_t·φ_t)/dv, a new array [B, T, n], 0 for tokens that don't count; the arguments are those of {@link #reference}. */
    INDArray referenceGradient(INDArray v, INDArray w, double... parameters);

    /**
     * Loops of their own for one worker.
     *
     * @param n elements of a token's vector
     */
    PenaltyLoops loops(int n, double... parameters);
}
