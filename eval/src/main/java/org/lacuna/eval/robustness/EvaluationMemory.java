package org.lacuna.eval.robustness;

import java.util.List;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderParameters;

/**
 * What measuring a model holds outside the Java heap, in bytes, as it is asked for.
 *
 * @param workers  who compute side by side where it takes the most
 * @param parameters  all of them
 * @param activations of these workers: activations, working memory, the tokens of a piece
 */
public record EvaluationMemory(int workers, long parameters, long activations) {

    /** All of it. */
    public long bytes() {
        return parameters + activations;
    }

    /**
     * Compiles what measuring a model computes, one set of sites after the other.
     *
     * @param windows how many
     * @param length  tokens in each
     * @param settings with sites of which the model has some
     * @param workers threads
     */
    public static EvaluationMemory of(ModelConfig config, Device device, int windows, int length, Settings settings, int workers) {
        long parameters = Float.BYTES * ParameterStore.length(DecoderParameters.of(config));
        EvaluationMemory most = most(SweepProgram.fitting(config, device, windows, length, config.feedForward().sites(), 1, true), windows, 1, workers, parameters);
        List<SiteSet> curves = settings.sites().stream().filter(set -> config.feedForward().sites().containsAll(set.sites())).toList();
        for (SiteSet sites : curves) {
            int grid = settings.grid().size();
            EvaluationMemory curve = most(SweepProgram.fitting(config, device, windows, length, sites.sites(), grid, false), windows, grid, workers, parameters);
            most = curve.activations() > most.activations() ? curve : most;
        }
        return most;
    }

    private static EvaluationMemory most(SweepProgram program, int windows, int grid, int workers, long parameters) {
        int working = Math.min(workers, SweepProgram.chunks(windows, program.windows(), grid, program.points()));
        return new EvaluationMemory(working, parameters, working * program.instanceBytes());
    }
}
