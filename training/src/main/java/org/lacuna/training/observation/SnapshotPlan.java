package org.lacuna.training.observation;

import java.util.List;
import org.lacuna.data.Batch;
import org.lacuna.data.Corpus;
import org.lacuna.data.sample.Windows;
import org.lacuna.eval.robustness.GridPrograms;
import org.lacuna.eval.robustness.Settings;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.graph.Device;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.LowRank;
import org.lacuna.run.InputException;
import org.lacuna.training.recipe.SnapshotSettings;

/**
 * What snapshots are measured with and on, compiled; it takes no memory yet.
 *
 * @param settings how
 * @param windows  on what
 * @param programs for both
 * @param bytes    what they take beside the parameters
 */
record SnapshotPlan(Settings settings, Batch windows, GridPrograms programs, long bytes) {

    /**
     * Compiles.
     *
     * @param length  tokens in a window
     * @param workers threads
     * @throws InputException that begins with the key, if the model has not a site, or the data not the windows
     */
    static SnapshotPlan of(SnapshotSettings snapshot, int length, Corpus corpus, ModelConfig config, LowRank adapters, Device device, int workers) {
        List<SiteSet> missing = snapshot.sites().stream().filter(sites -> !config.sites().containsAll(sites.sites())).toList();
        if (!missing.isEmpty()) {
            throw new InputException("train.snapshot.sites: the model's feed-forward block has no " + missing.get(0).key()
                    + "; expected of input, intermediate, all-inputs, attention-input, attention-output");
        }
        if (length > config.maxPositions()) {
            throw new InputException("train.snapshot.every: snapshots are measured on windows of train.window = " + length + " tokens, and the model is meant for at most "
                    + config.maxPositions() + "; expected 0, or shorter windows");
        }
        Batch windows = windows(snapshot, length, corpus);
        if (windows.scored() != windows.inputs().length) {
            throw new InputException("train.snapshot.every: critical sparsity is measured on running text, and data " + corpus.name() + " is of examples; expected 0");
        }
        Settings settings = Settings.COARSE.withSites(snapshot.sites());
        GridPrograms programs = new GridPrograms(config, adapters, device, windows.rows(), length);
        return new SnapshotPlan(settings, windows, programs, programs.heldBytes(settings, workers));
    }

    private static Batch windows(SnapshotSettings snapshot, int length, Corpus corpus) {
        try {
            return Windows.first(corpus.validation(), snapshot.windows(), length);
        } catch (InputException e) {
            throw e.map(problem -> "train.snapshot.windows: data " + corpus.name() + ": " + problem);
        }
    }
}
