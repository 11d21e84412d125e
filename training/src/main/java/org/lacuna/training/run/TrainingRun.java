package org.lacuna.training.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.lacuna.data.Batch;
import org.lacuna.data.Corpora;
import org.lacuna.data.Corpus;
import org.lacuna.data.sample.Sampler;
import org.lacuna.data.sample.Windows;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.graph.Device;
import org.lacuna.model.Model;
import org.lacuna.model.Tuning;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;
import org.lacuna.run.folder.RunFolder;
import org.lacuna.run.provenance.Provenance;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.StepMetrics;
import org.lacuna.training.Trainer;
import org.lacuna.training.TrainingMemory;
import org.lacuna.training.TrainingPrograms;
import org.lacuna.training.checkpoint.BuildInfo;
import org.lacuna.training.checkpoint.TrainingState;
import org.lacuna.training.observation.ObservationPlan;
import org.lacuna.training.observation.Observations;
import org.lacuna.training.progress.Progress;
import org.lacuna.training.recipe.TrainRecipe;
import org.lacuna.training.recipe.TrainSettings;

/**
 * One training run in its folder. {@link #begin} and {@link #resume} find everything that is wrong with the input before
 * they write; {@link #train} then goes on to the last step, or until it is asked to stop.
 */
public final class TrainingRun implements AutoCloseable {
    /** What the run was made of and by, in its folder. */
    static final String PROVENANCE = "provenance.json";
    /** Its key for the checkpoint that the model began with. */
    static final String MODEL_FROM = "model_from";
    /** Its key for the checkpoint that the objective distils from. */
    static final String DISTILL_FROM = "distill_from";
    /** Within both: the hash of its weights. */
    static final String WEIGHTS = "weights_sha256";

    private final TrainRecipe recipe;
    private final Corpus corpus;
    private final ModelOrigin origin;
    private final Optional<Tokenizer> tokenizer;
    private final Trainer trainer;
    private final Optional<Parent> parent;
    private final RunState state;
    private final Optional<Validations> validations;
    private final Observations observations;
    private final BuildInfo build;
    private final RunFolder folder;
    /** Hash of the weights that the model began with. */
    private Optional<String> modelFrom;

    private TrainingRun(TrainRecipe recipe, Corpus corpus, ModelOrigin origin, Optional<Parent> parent, Optional<String> modelFrom, Sampler sampler, Trainer trainer, Optional<Validations> validations,
            Observations observations, Optional<Tokenizer> tokenizer, BuildInfo build, RunFolder folder) {
        this.recipe = recipe;
        this.corpus = corpus;
        this.origin = origin;
        this.parent = parent;
        this.tokenizer = tokenizer;
        this.modelFrom = modelFrom;
        state = new RunState(trainer, sampler);
        this.trainer = trainer;
        this.validations = validations;
        this.observations = observations;
        this.build = build;
        this.folder = folder;
    }

    /**
     * Begins a run in a new folder.
     *
     * @throws InputException if the recipe does not fit the data, or the folder is there already
     */
    public static TrainingRun begin(TrainRecipe recipe, Path folder, Device device) {
        if (Files.isRegularFile(folder.resolve("config.yaml"))) {
            throw new InputException(folder + ": a run is there already; go on with it by --resume, or name another folder");
        }
        return assemble(recipe, folder, device, Optional.empty(), () -> RunFolder.create(folder, Recipes.toYaml(recipe)));
    }

    /**
     * Goes on with the run in a folder after its latest checkpoint, or from its first step if it has none.
     *
     * @param given the recipe that the user named with it, if any: it must train the same model; its threads, log
     *     lines and what it computes again are taken over
     * @param warn takes a line for each circumstance that may change the result's last bits
     * @throws InputException if there is no run, its data changed, or the recipe is another
     */
    public static TrainingRun resume(Path folder, Optional<TrainRecipe> given, Device device, Consumer<String> warn) {
        RunFolder held = RunFolder.resume(folder);
        try {
            TrainRecipe recipe = TrainRecipe.load(held.config(), List.of());
            given.map(recipe::differences).filter(differences -> !differences.isEmpty()).ifPresent(differences -> {
                throw new InputException(held.config() + ": this run's recipe is another than the one given with --config and --set: "
                        + String.join(", ", differences) + "; leave them out to go on with it, or name another folder");
            });
            Optional<Path> latest = held.latestCheckpoint();
            TrainingRun run = assemble(given.orElse(recipe), folder, device, latest, () -> held);
            try {
                latest.ifPresent(checkpoint -> run.restore(checkpoint, device, warn));
                return run;
            } catch (RuntimeException e) {
                run.trainer.close();
                throw e;
            }
        } catch (RuntimeException e) {
            held.close();
            throw e;
        }
    }

    /**
     * Begins a run, or goes on with it if its folder is there.
     *
     * @param warn as in {@link #resume}
     * @throws InputException as in {@link #begin} and {@link #resume}
     */
    public static TrainingRun open(TrainRecipe recipe, Path folder, Device device, Consumer<String> warn) {
        return Files.exists(folder) ? resume(folder, Optional.of(recipe), device, warn) : begin(recipe, folder, device);
    }

    /**
     * What a run of a recipe takes outside the Java heap, for one who plans several. Nothing is written, and whether it is there is not asked.
     *
     * @param folder that the run would have
     * @throws InputException if the recipe does not fit its data
     */
    public static TrainingMemory memory(TrainRecipe recipe, Path folder, Device device) {
        ModelOrigin origin = new ModelOrigin(recipe, folder, Optional.empty(), device);
        ModelConfig config = origin.config(Corpora.open(origin.data()));
        return TrainingPrograms.compile(config, origin.tuning(config), recipe.train(), recipe.objective(), Parent.of(recipe).map(Parent::config), device)
                .memory(recipe.train().evalEvery() == 0 ? 0 : recipe.train().evalWindows());
    }

    private interface Opening {
        RunFolder open();
    }

    /** Builds all parts, which finds what is wrong with the input, and only then opens the folder. */
    private static TrainingRun assemble(TrainRecipe recipe, Path run, Device device, Optional<Path> checkpoint, Opening opening) {
        ModelOrigin origin = new ModelOrigin(recipe, run, checkpoint, device);
        Corpus corpus = Corpora.open(origin.data());
        TrainSettings train = recipe.train();
        Sampler sampler = fitting("train.window", corpus, () -> recipe.data().sampler().over(corpus.train(), train.batch(), train.window(), train.seed()));
        Optional<Batch> windows = train.evalEvery() == 0 ? Optional.empty()
                : Optional.of(fitting("train.evalWindows", corpus, () -> Windows.first(corpus.validation(), train.evalWindows(), train.window())));
        ModelConfig config = origin.config(corpus);
        Tuning tuning = origin.tuning(config);
        Optional<Parent> parent = Parent.of(recipe);
        TrainingPrograms programs = MemoryNeed.fitting(recipe, config, tuning, parent.map(Parent::config), device, windows.map(Batch::rows).orElse(0));
        Optional<Tokenizer> tokenizer = origin.tokenizer(corpus);
        ObservationPlan plan = MemoryNeed.fitting(recipe, programs.memory(windows.map(Batch::rows).orElse(0)), programs.recomputeTrade(),
                () -> ObservationPlan.of(recipe, corpus, tokenizer, config, tuning.adapters(), device));
        Optional<String> modelFrom = origin.weightsSha256();
        Control.check(run, corpus, modelFrom, parent);
        Model model = origin.load(config, tuning);
        Trainer trainer = new Trainer(model, programs, parent.map(p -> p.load(device)));
        try {
            Optional<Validations> validations = windows.map(batch -> new Validations(trainer, batch));
            Observations observations = plan.open(trainer);
            BuildInfo build = BuildInfo.here(device.in(train.precision()).gemm());
            RunFolder folder = opening.open();
            TrainingRun begun = new TrainingRun(recipe, corpus, origin, parent, modelFrom, sampler, trainer, validations, observations, tokenizer, build, folder);
            try {
                begun.writeProvenance();
            } catch (RunException e) {
                folder.close();
                throw new RunException(e.getMessage() + "; " + TrainingLoop.goOn(folder), e);
            }
            return begun;
        } catch (RuntimeException e) {
            trainer.close();
            throw e;
        }
    }

    /** What is cut from a corpus that may be too short for it; the message names the key that asks for it. */
    private static <T> T fitting(String key, Corpus corpus, Supplier<T> cut) {
        try {
            return cut.get();
        } catch (InputException e) {
            throw e.map(problem -> key + ": data " + corpus.name() + ": " + problem);
        }
    }

    private void writeProvenance() {
        Path file = folder.path().resolve(PROVENANCE);
        if (Files.exists(file)) {
            return;
        }
        JsonNodeFactory json = JsonNodeFactory.instance;
        Map<String, JsonNode> extra = new TreeMap<>(Map.of(
                "command", json.textNode("train"),
                "seed", json.numberNode(recipe.train().seed()),
                "recipe_sha256", json.textNode(recipe.sha256()),
                "data", json.textNode(corpus.name()),
                "data_sha256", json.textNode(corpus.sha256()),
                "gemm", json.textNode(build.gemm()),
                "parameters", json.numberNode(trainer.model().parameters().count())));
        origin.named().ifPresent(source -> extra.put(MODEL_FROM, Json.object().put("checkpoint", source.checkpoint().toString())
                .put(WEIGHTS, modelFrom.orElseThrow())));
        parent.ifPresent(p -> extra.put(DISTILL_FROM, Json.object().put("checkpoint", p.source().checkpoint().toString()).put(WEIGHTS, p.weightsSha256())));
        AtomicFiles.write(file, Provenance.collect(extra).toJson().toPrettyString() + "\n");
    }

    private void restore(Path checkpoint, Device device, Consumer<String> warn) {
        TrainingState saved = OwnCheckpoint.read(folder.path(), device, () -> TrainingState.read(checkpoint));
        Path file = checkpoint.resolve(TrainingState.FILE);
        if (!saved.recipe().equals(recipe.sha256())) {
            throw new InputException(file + ": recipe_sha256 is not that of " + folder.config() + "; the recipe was changed after the checkpoint: undo that, or begin another run with it by: train --config "
                    + folder.config() + " --out DIR");
        }
        if (!saved.data().equals(corpus.sha256())) {
            throw new InputException(file + ": data_sha256 is " + saved.data() + ", but the data (" + corpus.name() + ") has "
                    + corpus.sha256() + " now; go on with the data of the saved run");
        }
        parent.ifPresent(p -> p.check(saved.teacher()));
        saved.build().differences(build).forEach(d -> warn.accept("resuming under other circumstances, so the last bits may differ: " + d));
        OwnCheckpoint.read(folder.path(), device, () -> {
            state.resume(checkpoint, saved);
            return state;
        });
        modelFrom = saved.modelFrom();
    }

    /** Of each penalty with a target: whether it was met. */
    public List<String> verdicts() {
        List<String> verdicts = new ArrayList<>();
        for (int k = 0; k < trainer.lambdas().size(); k++) {
            String name = recipe.objective().penalties().get(k).name();
            trainer.lambdas().get(k).verdict().ifPresent(verdict -> verdicts.add(name + ": " + verdict));
        }
        return verdicts;
    }

    /**
     * Trains to the recipe's last step, or to where its patience ends, with a checkpoint at the end.
     *
     * @param stop asked after each step; where it says yes the run saves and ends
     * @return the step line's figures of the last step taken here; empty if there was none left to take
     * @throws InterruptedRunException if it was stopped before the last step; a checkpoint is there
     * @throws RunException if the loss was no number any more, and that more often than the recipe lets the run go back, or the file system refused; the latest checkpoint is intact
     */
    public Optional<StepMetrics> train(Progress progress, BooleanSupplier stop) {
        TrainingState fixed = new TrainingState(0, 0, NullNode.getInstance(), List.of(), recipe.sha256(), corpus.sha256(), modelFrom, parent.map(Parent::weightsSha256), build, Optional.empty(), List.of());
        return new TrainingLoop(trainer, state, fixed, validations, observations, tokenizer, origin.named().map(source -> source.checkpoint().toString()), folder).run(progress, stop);
    }

    /**
     * The same to a step before the last, from which the run can be gone on with: its schedule is that of the whole run. A run that is there already, or ended before, stays as it is.
     *
     * @param last the step to stop after, with a checkpoint
     */
    public Optional<StepMetrics> trainTo(long last, Progress progress, BooleanSupplier stop) {
        if (step() >= last && stepsLeft() > 0) {
            return Optional.empty();
        }
        try {
            return train(progress, () -> stop.getAsBoolean() || step() >= last);
        } catch (InterruptedRunException e) {
            if (step() < last) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /** The recipe, with this command's threads, log lines and what is computed again. */
    public TrainRecipe recipe() {
        return recipe;
    }

    /** What is trained on. */
    public Corpus corpus() {
        return corpus;
    }

    /** The step taken last. */
    public long step() {
        return trainer.step();
    }

    /** What changes while it goes on. */
    RunState state() {
        return state;
    }

    /** How many steps there are left to take; none where the run ended early. */
    public long stepsLeft() {
        return TrainingLoop.stepsLeft(state, recipe.train());
    }

    /** Why the run ended before its last step, if it did. */
    public Optional<String> earlyEnd() {
        return TrainingLoop.earlyEnd(state, recipe.train());
    }

    /** The model in training. */
    public Trainer trainer() {
        return trainer;
    }

    /** What the run holds outside the Java heap. */
    public TrainingMemory memory() {
        return trainer.programs().memory(recipe.train().evalEvery() == 0 ? 0 : recipe.train().evalWindows()).withObservation(observations.bytes());
    }

    /** The run's folder. */
    public RunFolder folder() {
        return folder;
    }

    @Override
    public void close() {
        trainer.close();
        folder.close();
    }
}
