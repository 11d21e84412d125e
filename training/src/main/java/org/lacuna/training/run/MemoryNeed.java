package org.lacuna.training.run;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.lacuna.graph.Device;
import org.lacuna.graph.Precision;
import org.lacuna.graph.TensorSpec;
import org.lacuna.model.Tuning;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.RunException;
import org.lacuna.run.memory.ProcessMemory;
import org.lacuna.training.RecomputeTrade;
import org.lacuna.training.TrainingMemory;
import org.lacuna.training.TrainingPrograms;
import org.lacuna.training.observation.ObservationPlan;
import org.lacuna.training.recipe.Recompute;
import org.lacuna.training.recipe.TrainRecipe;
import org.lacuna.training.recipe.TrainSettings;

/** Whether a run fits the machine. Memory that is promised and not there ends the process without a word. */
final class MemoryNeed {
    private MemoryNeed() {}

    /**
     * Compiles what a run computes, which takes no memory yet, and looks whether what it will take is there.
     *
     * @param config checked
     * @param tuning what of the model is trained
     * @param teacher the config of the model that the objective distils from, if it does
     * @param validationWindows 0 where nothing is validated
     * @throws RunException if it does not fit
     */
    static TrainingPrograms fitting(TrainRecipe recipe, ModelConfig config, Tuning tuning, Optional<ModelConfig> teacher, Device device, int validationWindows) {
        long memoryBytes = ProcessMemory.limit();
        check(recipe, config, tuning, memoryBytes);
        TrainingPrograms programs = TrainingPrograms.compile(config, tuning, recipe.train(), recipe.objective(), teacher, device);
        check(recipe, programs.memory(validationWindows), ProcessMemory.resident(), programs.recomputeTrade(), memoryBytes);
        return programs;
    }

    /**
     * Compiles what a run looks at between its steps, and looks whether what it will take is there too.
     *
     * @param training what the run takes without
     * @throws RunException if it does not fit
     */
    static ObservationPlan fitting(TrainRecipe recipe, TrainingMemory training, RecomputeTrade trade, Supplier<ObservationPlan> compiling) {
        ObservationPlan plan = compiling.get();
        check(recipe, training.withObservation(plan.bytes()), ProcessMemory.resident(), trade, ProcessMemory.limit());
        return plan;
    }

    /**
     * Refuses a run whose parameters, moments and gradients alone are more than there is; needs no compiled program.
     *
     * @param config checked
     * @param memoryBytes what the process can have; 0 if unknown
     * @throws RunException if it does not fit
     */
    static void check(TrainRecipe recipe, ModelConfig config, Tuning tuning, long memoryBytes) {
        long trained = count(tuning.parameters(config, true));
        long frozen = count(tuning.parameters(config, false));
        TrainSettings train = recipe.train();
        // The parameters; of those that are trained two moments, a gradient for each shard, and the moving average if wanted.
        long bytes = frozen * Float.BYTES + trained * Float.BYTES * (3 + train.shards() + (train.ema() > 0 ? 1 : 0));
        if (memoryBytes > 0 && bytes > memoryBytes) {
            throw new RunException(String.format(Locale.ROOT, "%s: too large for this machine: its %,d parameters, their moments and the gradients of %d shards"
                    + " take %,d bytes, and this process can have %,d; take a smaller model or fewer train.shards",
                    recipe.name(), trained + frozen, train.shards(), bytes, memoryBytes));
        }
    }

    private static long count(List<TensorSpec> specs) {
        return specs.stream().mapToLong(TensorSpec::length).sum();
    }

    /**
     * Refuses a run that with its activations is more than there is.
     *
     * @param need outside the Java heap
     * @param processBytes what this process holds beside it; 0 if unknown
     * @param memoryBytes what the process can have; 0 if unknown
     * @throws RunException if it does not fit; the message says what would take less
     */
    static void check(TrainRecipe recipe, TrainingMemory need, long processBytes, RecomputeTrade trade, long memoryBytes) {
        need.check(recipe.name(), processBytes, memoryBytes, (need.observation() > 0 ? "no train.sample and train.snapshot, " : "") + remedies(recipe.train(), trade));
    }

    private static String remedies(TrainSettings train, RecomputeTrade trade) {
        return "fewer windows in train.batch, more train.accumulation, "
                + (trade.chosen() == Recompute.NONE && trade.savedBytes() > 0 ? String.format(Locale.ROOT, "train.recompute=layer (%,d bytes less), ", trade.savedBytes()) : "")
                + (train.precision() == Precision.FP32 ? "train.precision=bf16, " : "") + "or a smaller model";
    }
}
