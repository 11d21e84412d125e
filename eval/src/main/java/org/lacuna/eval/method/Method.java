package org.lacuna.eval.method;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lacuna.eval.robustness.TokenCoverage;
import org.lacuna.eval.robustness.Treatment;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Curve;

/**
 * A way to sparsify a model at any p of a grid: one of the rules with the same p everywhere, or one that first looks at the model or at what
 * flows through it. Stateless.
 */
public interface Method {
    /** The name on the command line, in files and in reports. */
    String name();

    /** Values of p at which a curve is measured unless others are asked for, densest first; empty where they have to be named. */
    default List<Double> grid() {
        return Curve.PAPER_GRID;
    }

    /**
     * Refuses a p that its rule does not take.
     *
     * @throws IllegalArgumentException whose message says what it takes
     */
    default void check(double p) {
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalArgumentException(name() + " needs a share from 0 (keeps nothing) to 1 (keeps all), not " + p);
        }
    }

    /** Whether it surely leaves out nothing, of any text, at a value of p. */
    default boolean keepsAll(double p) {
        return p >= 1;
    }

    /** The sites at which it can be used, of those that the model has. */
    default Set<Site> sites(ModelConfig config) {
        return config.sites();
    }

    /** {@link Treatment#channelRows} of its treatments, for so many texts. */
    default int channelRows(int texts) {
        return 0;
    }

    /** Whether it looks at text that is not measured on. */
    default boolean calibrates() {
        return false;
    }

    /** Whether it chooses neurons before they are computed, the same for all tokens that it is used at. */
    default boolean choosesNeurons() {
        return false;
    }

    /** Tokens that tasks are measured with unless others are asked for. */
    default TokenCoverage taskCoverage() {
        return TokenCoverage.EVERY;
    }

    /**
     * What it comes to for texts of which each has a prompt, as requests of tasks do.
     *
     * @param grid values of p
     * @param look at the model
     * @return one treatment for the grid, whose texts choose their own ({@link Treatment#choice}); empty where it does not look at prompts
     */
    default Optional<Treatment> byPrompt(List<Double> grid, Look look) {
        return Optional.empty();
    }

    /**
     * What it comes to for a model.
     *
     * @param grid  values of p
     * @param sites where, with the same p each
     * @param look  at the model
     * @return treatments whose points, one after the other, are the grid's; most methods have one for all
     * @throws org.lacuna.run.InterruptedRunException if it was asked to stop
     * @throws org.lacuna.run.RunException if what flows through the model is not finite
     */
    List<Treatment> treatments(List<Double> grid, Set<Site> sites, Look look);
}
