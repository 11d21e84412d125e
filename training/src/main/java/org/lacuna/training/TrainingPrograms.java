package org.lacuna.training;

import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.UnsupportedPrecisionException;
import org.lacuna.graph.op.OpCost;
import org.lacuna.graph.program.Program;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderParameters;
import org.lacuna.run.InputException;
import org.lacuna.training.recipe.Objective;
import org.lacuna.training.recipe.Recompute;
import org.lacuna.training.recipe.TrainSettings;

/** What a training run computes, compiled: it takes no memory yet, and knows how much a {@link Trainer} of it will take. */
public final class TrainingPrograms {
    private static final int MOMENTS = 2;
    /** Bytes of the constant 1 that the backward pass begins with. */
    private static final int SEED = Float.BYTES;

    private final ModelConfig config;
    private final TrainSettings settings;
    private final Objective objective;
    private final Device device;
    private final ObjectiveGraph graph;
    private final Program training;

    private TrainingPrograms(ModelConfig config, TrainSettings settings, Objective objective, Device device) {
        this.config = config;
        this.settings = settings;
        this.objective = objective;
        this.device = device;
        graph = new ObjectiveGraph(config, objective, settings.precision());
        training = training(settings.recompute());
    }

    /**
     * Compiles the step of one piece.
     *
     * @throws InputException if this machine can't multiply in the settings' precision, or the model lacks a site of the objective
     */
    public static TrainingPrograms compile(ModelConfig config, TrainSettings settings, Objective objective, Device device) {
        objective.check(config.feedForward());
        try {
            return new TrainingPrograms(config, settings, objective, device);
        } catch (UnsupportedPrecisionException e) {
            throw new InputException("train.precision: " + e.getMessage());
        }
    }

    private Program training(Recompute recompute) {
        return graph.training(device, settings.shardRows(), settings.window(), settings.panels(), recompute);
    }

    /**
     * What the run will hold outside the Java heap.
     *
     * @param validationWindows 0 where nothing is validated
     */
    public TrainingMemory memory(int validationWindows) {
        long vector = Float.BYTES * ParameterStore.length(DecoderParameters.of(config));
        int shards = settings.shards();
        int sums = settings.accumulation() > 1 ? 1 : 0;
        long shard = training.arenaBytes() + graph.placeholderBytes(settings.shardRows(), settings.window()) + SEED;
        return new TrainingMemory(shards, averages() * vector + vector + copy(training, vector), MOMENTS * vector, (shards + sums) * vector, shards * shard,
                validationWindows == 0 ? 0 : (1 + averages()) * validation(validationWindows, vector));
    }

    /** How many averages of the weights there are; each is validated beside them, in memory of its own. */
    private int averages() {
        return settings.ema() > 0 ? 1 : 0;
    }

    private long validation(int windows, long vector) {
        int rows = validationRows(windows);
        Program forward = forward(rows, settings.window());
        return Validation.runs(windows, rows, settings.shards()) * (forward.arenaBytes() + graph.placeholderBytes(rows, settings.window())) + copy(forward, vector);
    }

    /** Bytes of the parameters' copy in bf16, where the program reads one. */
    private static long copy(Program program, long vector) {
        return program.readsRounded() ? vector / Float.BYTES * Short.BYTES : 0;
    }

    /** What computing layers again saves and costs in a step; compiles it both ways. */
    public RecomputeTrade recomputeTrade() {
        Program kept = settings.recompute() == Recompute.NONE ? training : training(Recompute.NONE);
        Program again = settings.recompute() == Recompute.LAYER ? training : training(Recompute.LAYER);
        return new RecomputeTrade(settings.recompute(), settings.shards() * (kept.arenaBytes() - again.arenaBytes()), (double) flops(again) / flops(kept) - 1);
    }

    /** How many of so many validation windows run as one piece. */
    int validationRows(int windows) {
        return Math.min(settings.shardRows(), windows);
    }

    /** Forward alone, for {@code rows} windows. */
    Program forward(int rows, int window) {
        return graph.forward(device, rows, window, settings.panels());
    }

    /** Forward and backward of one piece. */
    Program training() {
        return training;
    }

    ObjectiveGraph graph() {
        return graph;
    }

    TrainSettings settings() {
        return settings;
    }

    Objective objective() {
        return objective;
    }

    Device device() {
        return device;
    }

    private static long flops(Program program) {
        return program.costs().stream().mapToLong(OpCost::flops).sum();
    }
}
