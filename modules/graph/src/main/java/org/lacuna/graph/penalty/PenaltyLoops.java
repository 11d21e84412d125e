package org.lacuna.graph.penalty;

import org.lacuna.graph.cpu.TokenRows;

/**
 * A penalty's loops over memory, for the CPU's kernels, with what working memory they need. They allocate nothing when run, and a
 * token's result has the same bits whatever range of tokens it is computed with.
 *
 * <p>The JVM is told to compile methods of this package whose names begin with {@code value} or {@code gradient} each by itself;
 * a method that returns a vector needs another name.
 */
public interface PenaltyLoops {

    /** Ranges of tokens start at multiples of this within a sequence, and end at one or with the sequence. */
    default int step() {
        return 1;
    }

    /** How many neighbouring tokens' vectors must be readable at once. */
    default int readable() {
        return 1;
    }

    /**
     * Writes φ of those tokens of a sequence that count.
     *
     * @param from the first token
     * @param to the one behind the last
     * @param phi φ of token t goes to {@code phi[first + t]}
     */
    void values(TokenRows v, int from, int to, double[] phi, int first);

    /**
     * Writes {@code upstream} · d(Σ_t w_t·φ_t)/dv of those tokens of a sequence that count; the sum is over the whole sequence.
     *
     * @param from the first token
     * @param to the one behind the last
     * @param dv the same sequence of the gradient
     */
    void gradients(TokenRows v, int from, int to, double upstream, TokenRows dv);
}
