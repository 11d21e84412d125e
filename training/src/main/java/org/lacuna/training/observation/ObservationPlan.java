package org.lacuna.training.observation;

import java.util.Optional;
import org.lacuna.data.Corpus;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.graph.Device;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.LowRank;
import org.lacuna.run.InputException;
import org.lacuna.training.Trainer;
import org.lacuna.training.recipe.TrainRecipe;
import org.lacuna.training.recipe.TrainSettings;

/** What a run looks at between its steps, compiled; it takes no memory yet. */
public final class ObservationPlan {
    private final String name;
    private final Device device;
    private final Optional<SamplePlan> samples;
    private final Optional<SnapshotPlan> snapshots;

    private ObservationPlan(String name, Device device, Optional<SamplePlan> samples, Optional<SnapshotPlan> snapshots) {
        this.name = name;
        this.device = device;
        this.samples = samples;
        this.snapshots = snapshots;
    }

    /**
     * Compiles what the recipe asks for.
     *
     * @param config   of the model
     * @param adapters of the model
     * @throws InputException that begins with the key, if something of it can't be had of this model and data
     */
    public static ObservationPlan of(TrainRecipe recipe, Corpus corpus, Optional<Tokenizer> tokenizer, ModelConfig config, LowRank adapters, Device device) {
        TrainSettings train = recipe.train();
        Optional<SamplePlan> samples = Optional.of(train.sample()).filter(settings -> settings.every() > 0)
                .map(settings -> SamplePlan.of(settings, tokenizer, config, adapters, device, train.workersHere()));
        Optional<SnapshotPlan> snapshots = Optional.of(train.snapshot()).filter(settings -> settings.every() > 0)
                .map(settings -> SnapshotPlan.of(settings, train.window(), corpus, config, adapters, device, train.workersHere()));
        return new ObservationPlan(recipe.name(), device, samples, snapshots);
    }

    /** What it will take beside what training does, bytes. */
    public long bytes() {
        return samples.map(SamplePlan::bytes).orElse(0L) + snapshots.map(SnapshotPlan::bytes).orElse(0L);
    }

    /** Makes the memory, for the model that is trained. */
    public Observations open(Trainer trainer) {
        return new Observations(name, trainer.settings(), samples.map(plan -> new Samples(plan, trainer, device)), snapshots.map(plan -> new Snapshots(plan, trainer)), bytes());
    }
}
