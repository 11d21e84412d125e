package org.lacuna.training.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.lacuna.data.Batch;
import org.lacuna.data.Corpora;
import org.lacuna.data.Corpus;
import org.lacuna.data.tokenize.Tokenizer;
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
import org.lacuna.run.folder.MetricsLog;
import org.lacuna.run.folder.RunFolder;
import org.lacuna.run.provenance.Provenance;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.Diverged;
import org.lacuna.training.Flops;
import org.lacuna.training.StepMetrics;
import org.lacuna.training.Trainer;
import org.lacuna.training.TrainingMemory;
import org.lacuna.training.TrainingPrograms;
import org.lacuna.training.checkpoint.BuildInfo;
import org.lacuna.training.checkpoint.TrainingCheckpoint;
import org.lacuna.training.checkpoint.TrainingState;
import org.lacuna.training.objective.Lambda;
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

    private final TrainRecipe recipe;
    private final Corpus corpus;
    private final ModelOrigin origin;
    private final Optional<Tokenizer> tokenizer;
    private final Trainer trainer;
    private final Sampler sampler;
    private final Optional<Validations> validations;
    private final BuildInfo build;
    private final RunFolder folder;
    private long tokens;
    /** Hash of the weights that the model began with. */
    private Optional<String> modelFrom;

    private TrainingRun(TrainRecipe recipe, Corpus corpus, ModelOrigin origin, Optional<String> modelFrom, Sampler sampler, Trainer trainer, Optional<Validations> validations,
            BuildInfo build, RunFolder folder) {
        this.recipe = recipe;
        this.corpus = corpus;
        this.origin = origin;
        tokenizer = origin.tokenizer(corpus);
        this.modelFrom = modelFrom;
        this.sampler = sampler;
        this.trainer = trainer;
        this.validations = validations;
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
        TrainingPrograms programs = MemoryNeed.fitting(recipe, config, tuning, device, windows.map(Batch::rows).orElse(0));
        Optional<String> modelFrom = origin.weightsSha256();
        Model model = origin.load(config, tuning);
        Trainer trainer = new Trainer(model, programs);
        try {
            Optional<Validations> validations = windows.map(batch -> new Validations(trainer, batch));
            BuildInfo build = BuildInfo.here(device.gemm());
            RunFolder folder = opening.open();
            TrainingRun begun = new TrainingRun(recipe, corpus, origin, modelFrom, sampler, trainer, validations, build, folder);
            try {
                begun.writeProvenance();
            } catch (RunException e) {
                folder.close();
                throw new RunException(e.getMessage() + "; " + goOn(folder), e);
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
                .put("weights_sha256", modelFrom.orElseThrow())));
        AtomicFiles.write(file, Provenance.collect(extra).toJson().toPrettyString() + "\n");
    }

    private void restore(Path checkpoint, Device device, Consumer<String> warn) {
        TrainingState state = OwnCheckpoint.read(folder.path(), device, () -> TrainingState.read(checkpoint));
        Path file = checkpoint.resolve(TrainingState.FILE);
        if (!state.recipe().equals(recipe.sha256())) {
            throw new InputException(file + ": recipe_sha256 is not that of " + folder.config() + "; the recipe was changed after the checkpoint: undo that, or begin another run with it by: train --config "
                    + folder.config() + " --out DIR");
        }
        if (!state.data().equals(corpus.sha256())) {
            throw new InputException(file + ": data_sha256 is " + state.data() + ", but the data (" + corpus.name() + ") has "
                    + corpus.sha256() + " now; go on with the data of the saved run");
        }
        state.build().differences(build).forEach(d -> warn.accept("resuming under other circumstances, so the last bits may differ: " + d));
        OwnCheckpoint.read(folder.path(), device, () -> {
            try {
                sampler.restore(state.sampler());
            } catch (InputException e) {
                throw e.map(problem -> file + ": " + problem);
            }
            restoreLambdas(file, state.lambdas());
            TrainingCheckpoint.restore(checkpoint, trainer, state);
            return trainer;
        });
        tokens = state.tokens();
        modelFrom = state.modelFrom();
    }

    private void restoreLambdas(Path file, List<JsonNode> states) {
        List<Lambda> lambdas = trainer.lambdas();
        if (states.size() != lambdas.size()) {
            throw new InputException(file + ": lambdas: expected " + lambdas.size() + ", one for each penalty, found " + states.size());
        }
        for (int k = 0; k < states.size(); k++) {
            try {
                lambdas.get(k).restore(states.get(k));
            } catch (InputException e) {
                throw e.map(problem -> file + ": lambdas: " + problem);
            }
        }
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
     * Trains to the recipe's last step, with a checkpoint at the end.
     *
     * @param stop asked after each step; where it says yes the run saves and ends
     * @return the step line's figures of the last step taken here; empty if there was none left to take
     * @throws InterruptedRunException if it was stopped before the last step; a checkpoint is there
     * @throws RunException if the loss was no number any more, or the file system refused; the latest checkpoint is intact
     */
    public Optional<StepMetrics> train(Progress progress, BooleanSupplier stop) {
        int steps = recipe.train().steps();
        PaceMeter meter = new PaceMeter(Flops.perToken(trainer.model().config(), trainer.programs().tuning(), recipe.train().window()), recipe.train().batch() * recipe.train().window(), steps);
        StepMetrics metrics = null;
        try (MetricsLog log = MetricsLog.truncateAfter(folder.metrics(), trainer.step())) {
            while (trainer.step() < steps) {
                long before = System.nanoTime();
                metrics = takeStep();
                long nanos = System.nanoTime() - before;
                meter.add(nanos);
                log.append(MetricsLines.step(metrics, nanos * 1e-9));
                long step = metrics.step();
                boolean last = step == steps;
                progress.stepped(step);
                if (last || step % recipe.train().logEvery() == 0) {
                    progress.report(metrics, meter.report(step));
                }
                if (validations.isPresent() && (last || step % recipe.train().evalEvery() == 0)) {
                    Validations.Results results = validations.get().measure();
                    log.append(results.line(step));
                    progress.validated(step, results.plain(), results.average());
                }
                boolean stopping = stop.getAsBoolean();
                if (last || stopping || isDue(step, recipe.train().saveEvery())) {
                    log.force();
                    save();
                }
                if (stopping && !last) {
                    throw new InterruptedRunException("stopped after step " + step + " of " + steps + ", saved in " + folder.checkpoint(step)
                            + "; go on with: train --resume --out " + folder.path());
                }
            }
        } catch (RunException e) {
            // Nothing else in the loop fails so but the writing of metrics and checkpoints.
            throw new RunException(String.format(Locale.ROOT, "%s. %s; a checkpoint takes some %,d bytes: %s",
                    e.getMessage(), intact(), TrainingCheckpoint.bytes(trainer), goOn(folder)), e);
        } catch (Diverged e) {
            throw new RunException(e.getMessage() + ". " + intact() + "; a lower train.lr or more train.warmup may help", e);
        }
        return Optional.ofNullable(metrics);
    }

    private static String goOn(RunFolder folder) {
        return "make room or mend the folder, then go on with: train --resume --out " + folder.path();
    }

    private String intact() {
        return folder.latestCheckpoint().map(c -> "The latest checkpoint is intact: " + c).orElse("There is no checkpoint yet");
    }

    private static boolean isDue(long step, int every) {
        return every > 0 && step % every == 0;
    }

    private StepMetrics takeStep() {
        StepMetrics metrics = trainer.step(sampler.next());
        tokens += metrics.tokens();
        return metrics;
    }

    private void save() {
        TrainingState state = new TrainingState(trainer.step(), tokens, sampler.state(), trainer.lambdas().stream().map(Lambda::state).toList(), recipe.sha256(), corpus.sha256(), modelFrom, build);
        TrainingCheckpoint.write(folder.checkpoint(trainer.step()), trainer, tokenizer, origin.named().map(source -> source.checkpoint().toString()), state);
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

    /** The model in training. */
    public Trainer trainer() {
        return trainer;
    }

    /** What the run holds outside the Java heap. */
    public TrainingMemory memory() {
        return trainer.programs().memory(recipe.train().evalEvery() == 0 ? 0 : recipe.train().evalWindows());
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
