package org.lacuna.training.run;

import java.util.Locale;
import org.lacuna.graph.TensorSpec;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.LlamaParameters;
import org.lacuna.run.RunException;
import org.lacuna.training.recipe.TrainRecipe;
import org.lacuna.training.recipe.TrainSettings;

/** What a run holds in memory whatever its windows are. Memory that is promised and not there ends the process without a word. */
final class MemoryNeed {
    private MemoryNeed() {}

    /**
     * Refuses a run whose parameters, moments and gradients alone are more than the machine has.
     *
     * @param config checked
     * @param memoryBytes the machine's; 0 if unknown
     * @throws RunException if it does not fit
     */
    static void check(TrainRecipe recipe, ModelConfig config, long memoryBytes) {
        long parameters = LlamaParameters.of(config).stream().mapToLong(TensorSpec::length).sum();
        TrainSettings train = recipe.train();
        // The parameters, two moments, a gradient for each shard, and the rounds' sum where there are several.
        long bytes = parameters * Float.BYTES * (3 + train.shards() + (train.accumulation() > 1 ? 1 : 0));
        if (memoryBytes > 0 && bytes > memoryBytes) {
            throw new RunException(String.format(Locale.ROOT, "%s: too large for this machine: its %,d parameters, their moments and the gradients of %d shards"
                    + " take %,d bytes, and there are %,d of memory in all; take a smaller model or fewer train.shards",
                    recipe.name(), parameters, train.shards(), bytes, memoryBytes));
        }
    }
}
