package org.lacuna.training;

import java.util.List;
import java.util.Optional;
import org.lacuna.graph.Device;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.OpCost;
import org.lacuna.graph.program.Program;
import org.lacuna.model.Tuning;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.graph.DecoderGraph;
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
    private final Tuning tuning;
    private final TrainSettings settings;
    private final Objective objective;
    private final Device device;
    private final ObjectiveGraph graph;
    private final Program training;
    private final Optional<ModelConfig> teacherConfig;
    private final Optional<Program> teacher;

    private TrainingPrograms(ModelConfig config, Tuning tuning, TrainSettings settings, Objective objective, Optional<ModelConfig> teacherConfig, Device device) {
        this.config = config;
        this.tuning = tuning;
        this.settings = settings;
        this.objective = objective;
        this.device = device;
        this.teacherConfig = teacherConfig;
        graph = new ObjectiveGraph(config, tuning, objective, teacherConfig, settings.dropout(), settings.precision());
        training = training(settings.recompute());
        teacher = teacherConfig.map(this::teacher);
    }

    /**
     * Compiles the step of one piece, in which all parameters are trained.
     *
     * @throws InputException as {@link #compile(ModelConfig, Tuning, TrainSettings, Objective, Optional, Device)} does
     */
    public static TrainingPrograms compile(ModelConfig config, TrainSettings settings, Objective objective, Device device) {
        return compile(config, Tuning.full(), settings, objective, Optional.empty(), device);
    }

    /**
     * Compiles the step of one piece.
     *
     * @param teacher the config of the model that the objective distils from, if it does
     * @throws InputException if the model lacks a site of the objective, or the teacher does not fit
     */
    public static TrainingPrograms compile(ModelConfig config, Tuning tuning, TrainSettings settings, Objective objective, Optional<ModelConfig> teacher, Device device) {
        objective.check(config.feedForward());
        objective.distill().ifPresent(d -> d.check(config, teacher.orElseThrow(), settings.window()));
        return new TrainingPrograms(config, tuning, settings, objective, teacher, device);
    }

    private Program teacher(ModelConfig of) {
        return Program.of(DecoderGraph.hidden(of), device).precision(settings.precision()).panels(settings.panels())
                .placeholder(DecoderGraph.INPUT_IDS, settings.shardRows(), settings.window()).placeholder(DecoderGraph.POSITIONS, settings.shardRows(), settings.window())
                .outputs(Teacher.outputs(graph.teacherInputs()).toArray(String[]::new)).build();
    }

    private Program training(Recompute recompute) {
        return graph.training(device, settings.shardRows(), settings.window(), settings.panels(), settings.accumulation() > 1, recompute);
    }

    /**
     * What the run will hold outside the Java heap.
     *
     * @param validationWindows 0 where nothing is validated
     */
    public TrainingMemory memory(int validationWindows) {
        long vector = Float.BYTES * ParameterStore.length(tuning.parameters(config, true));
        int shards = settings.shards();
        long shard = training.arenaBytes() + graph.placeholderBytes(settings.shardRows(), settings.window()) + SEED + (graph.hasDropout() ? 2 * Integer.BYTES : 0)
                + teacher.map(program -> program.arenaBytes() + graph.teacherBytes(settings.shardRows(), settings.window()) + 2L * Integer.BYTES * settings.shardRows() * settings.window()).orElse(0L);
        return new TrainingMemory(shards, frozen() + ofTeacher() + (1 + averages()) * vector + copy(training, vector), MOMENTS * vector, shards * vector, shards * shard,
                validationWindows == 0 ? 0 : (1 + averages()) * validation(validationWindows, vector), 0);
    }

    /** How many averages of the weights there are; each is validated beside them, in memory of its own. */
    private int averages() {
        return settings.ema() > 0 ? 1 : 0;
    }

    /** Bytes of the frozen parameters, and of their copy in bf16 where the program reads one of them so. */
    private long frozen() {
        List<TensorSpec> frozen = tuning.parameters(config, false);
        long vector = Float.BYTES * ParameterStore.length(frozen);
        return frozen.stream().anyMatch(spec -> training.readsRounded(spec.name())) ? vector / Float.BYTES * Short.BYTES + vector : vector;
    }

    /** Bytes of the teacher's parameters, and of their copy in bf16 where one is read so. */
    private long ofTeacher() {
        long vector = teacherConfig.map(config -> Float.BYTES * ParameterStore.length(DecoderParameters.of(config))).orElse(0L);
        return vector + teacher.map(program -> copy(program, vector)).orElse(0L);
    }

    private long validation(int windows, long vector) {
        int rows = validationRows(windows);
        Program forward = forward(rows, settings.window());
        return Validation.runs(windows, rows, settings.shards()) * (forward.arenaBytes() + graph.placeholderBytes(rows, settings.window())) + copy(forward, vector);
    }

    /** Bytes of the trained parameters' copy in bf16, where the program reads one. */
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

    /** Forward of one piece of the teacher. */
    Optional<Program> teacher() {
        return teacher;
    }

    ObjectiveGraph graph() {
        return graph;
    }

    /** What of the model is trained. */
    public Tuning tuning() {
        return tuning;
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
