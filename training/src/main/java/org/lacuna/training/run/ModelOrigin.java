package org.lacuna.training.run;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.lacuna.data.Corpus;
import org.lacuna.data.DataRecipe;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.eval.source.ModelSource;
import org.lacuna.graph.Device;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.Tuning;
import org.lacuna.model.config.LearnedPosition;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.lora.Adapters;
import org.lacuna.model.lora.PeftFolder;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.Json;
import org.lacuna.training.checkpoint.TrainingCheckpoint;
import org.lacuna.training.checkpoint.TrainingState;
import org.lacuna.training.recipe.ModelRecipe;
import org.lacuna.training.recipe.TrainRecipe;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a run's model comes from: fresh weights, the checkpoint that its recipe names, or, once it has one, the run's own latest
 * checkpoint; the one that the recipe names is looked at then only if adapters are trained, which stand beside its weights.
 */
final class ModelOrigin {
    private static final Logger LOG = LoggerFactory.getLogger(ModelOrigin.class);
    private static final String KEY = "model.from";
    private static final String TOKENIZER = "tokenizer.json";

    private final TrainRecipe recipe;
    private final Path run;
    private final Device device;
    private final Optional<Path> own;
    private final Optional<ModelSource> named;
    private final Optional<ModelConfig> config;

    /**
     * Finds the recipe's checkpoint, where it is needed, and reads its config; loads no weights yet.
     *
     * @param run the run's folder
     * @param own its latest checkpoint
     * @throws InputException if what the recipe names is no checkpoint, can't have the recipe's activations, or its positions end before the windows do
     */
    ModelOrigin(TrainRecipe recipe, Path run, Optional<Path> own, Device device) {
        this.recipe = recipe;
        this.run = run;
        this.device = device;
        this.own = own;
        // Adapters are saved alone: what they stand beside is read again.
        boolean needed = own.isEmpty() || recipe.model().lora().isPresent();
        named = (needed ? recipe.model().from() : Optional.<String>empty()).map(reference -> byKey(() -> ModelSource.of(reference)));
        config = named.map(source -> checked(recipe.model().config(byKey(() -> Checkpoint.config(source.checkpoint())))));
        config.ifPresent(this::checkWindow);
        config.ifPresent(recipe.model()::tuning); // before a long text is read
    }

    private static <T> T byKey(Supplier<T> read) {
        try {
            return read.get();
        } catch (InputException e) {
            throw e.map(problem -> KEY + ": " + problem);
        }
    }

    /** The recipe's checkpoint, where weights of it are read. */
    Optional<ModelSource> named() {
        return named;
    }

    /** The folder of the checkpoint that is loaded; empty for fresh weights. */
    private Optional<Path> folder() {
        return own.or(() -> named.map(ModelSource::checkpoint));
    }

    /**
     * What is trained on: text or instructions in the tokens of the checkpoint that the recipe names, unless it names a tokenizer too.
     *
     * @throws InputException if nothing tells what the checkpoint's tokens are
     */
    DataRecipe data() {
        DataRecipe data = recipe.data();
        if (recipe.model().from().isEmpty() || data.tokenizer().isPresent() || data.ids().isPresent()) {
            return data;
        }
        Path tokenizer = folder().orElseThrow().resolve(TOKENIZER);
        if (!Files.isRegularFile(tokenizer)) {
            throw new InputException(KEY + ": " + tokenizer + ": no such file, so nothing tells which tokens the model reads; "
                    + (data.text().isPresent() || data.instructions().isPresent() ? "name its tokenizer by data.tokenizer, or give data.ids" : "give data.ids, or data.text with data.tokenizer"));
        }
        if (data.text().isPresent() || data.instructions().isPresent()) {
            return data.withTokenizer(tokenizer);
        }
        if (!(byKey(() -> Tokenizers.load(tokenizer)) instanceof ByteTokenizer)) {
            throw new InputException(KEY + ": the stories are byte-level tokens, which are not those of " + tokenizer + "; give data.text");
        }
        return data;
    }

    /** What the checkpoints carry on: the tokenizer of the data or, where those are ids, that of the checkpoint that the model begins with. */
    Optional<Tokenizer> tokenizer(Corpus corpus) {
        if (corpus.tokenizer().isPresent() || recipe.model().from().isEmpty()) {
            return corpus.tokenizer();
        }
        return folder().map(folder -> folder.resolve(TOKENIZER)).filter(Files::isRegularFile).flatMap(ModelOrigin::readable);
    }

    private static Optional<Tokenizer> readable(Path tokenizer) {
        try {
            return Optional.of(Tokenizers.load(tokenizer));
        } catch (InputException e) {
            LOG.warn("the run's checkpoints will have no tokenizer: {}", e.getMessage());
            return Optional.empty();
        }
    }

    /**
     * The config of the model.
     *
     * @throws InputException if it does not fit the data or the recipe
     */
    ModelConfig config(Corpus corpus) {
        ModelRecipe model = recipe.model();
        if (model.from().isEmpty()) {
            OptionalInt endOfText = corpus.tokenizer().map(Tokenizer::endOfText).orElse(OptionalInt.empty());
            return checked(model.config(corpus.vocabularySize(), endOfText));
        }
        if (own.isPresent()) {
            ModelConfig stored = OwnCheckpoint.read(run, device, () -> Checkpoint.config(own.get()));
            if (!stored.equals(model.config(stored))) {
                throw another();
            }
            return stored;
        }
        return byKey(() -> {
            named.orElseThrow().check(corpus, config.orElseThrow());
            return config.get();
        });
    }

    /**
     * What of the model is trained.
     *
     * @param model as {@link #config} gave it
     * @throws InputException if the recipe names parameters or layers that it has not
     */
    Tuning tuning(ModelConfig model) {
        Tuning tuning = recipe.model().tuning(model);
        if (own.isEmpty() && !tuning.adapters().isEmpty()) {
            PeftFolder.obstacle(model, tuning.adapters()).ifPresent(reason -> LOG.warn("the run's checkpoints will have the merged model, and no adapters for PEFT: {}", reason));
            Path base = named.orElseThrow().checkpoint();
            if (!model.equals(Checkpoint.config(base))) {
                LOG.warn("{}: the recipe changes what this model computes with its weights; PEFT will put the adapters beside the model as it is there", base);
            }
        }
        return tuning;
    }

    /** The config, which the recipe made or changed. */
    private static ModelConfig checked(ModelConfig config) {
        try {
            config.check("model", key -> key);
            return config;
        } catch (InputException e) {
            throw e.map(ModelOrigin::keyed);
        }
    }

    /** {@code model: heads makes …} as {@code model.heads: makes …}, so that it can be placed where the key stands. */
    private static String keyed(String problem) {
        return problem.replaceFirst("^model: (\\w+) ", "model.$1: ");
    }

    private InputException another() {
        return new InputException(own.orElseThrow().resolve(Checkpoint.CONFIG) + ": is not the model of the run's recipe; the checkpoint belongs to another run");
    }

    /** There is nothing behind the last learned position; a rotary one can be turned on, to where the model has not been. */
    private void checkWindow(ModelConfig config) {
        int window = recipe.train().window();
        if (window <= config.maxPositions()) {
            return;
        }
        Path checkpoint = named.orElseThrow().checkpoint();
        if (config.position() instanceof LearnedPosition) {
            throw new InputException("train.window: " + window + " tokens are more than the " + config.maxPositions() + " positions that "
                    + checkpoint + " has learned; take at most " + config.maxPositions());
        }
        LOG.warn("train.window: {} tokens are more than the {} (max_position_embeddings) that {} is meant for; positions beyond are new to it",
                window, config.maxPositions(), checkpoint);
    }

    /**
     * Hash of the weights that the model begins with, or that its adapters stand beside; empty where they are fresh or the run's own.
     *
     * @throws InputException if the run began with others
     */
    Optional<String> weightsSha256() {
        Optional<String> now = named.map(source -> byKey(source::weightsSha256));
        if (now.isPresent() && own.isPresent()) {
            String then = OwnCheckpoint.read(run, device, () -> TrainingState.read(own.get())).modelFrom().orElse("unknown");
            if (!then.equals(now.get())) {
                throw new InputException(KEY + ": " + named.get().checkpoint() + ": has not the weights that this run's adapters were trained beside (SHA-256 " + now.get()
                        + " now, " + then + " in " + own.get().resolve(TrainingState.FILE) + "); put those back, or begin another run");
            }
            return now;
        }
        Path provenance = run.resolve(TrainingRun.PROVENANCE);
        if (now.isPresent() && Files.isRegularFile(provenance)) {
            String then = Json.read(provenance).path(TrainingRun.MODEL_FROM).path(TrainingRun.WEIGHTS).asText();
            if (!then.equals(now.get())) {
                throw new InputException(KEY + ": " + named.get().checkpoint() + ": has not the weights that this run began with (SHA-256 " + now.get() + " now, "
                        + then + " then), and the run has no checkpoint of its own yet; begin another one in another folder");
            }
        }
        return now;
    }

    /**
     * The model, with its weights.
     *
     * @param config as {@link #config} gave it
     * @param tuning what of it is trained
     * @throws InputException if there are weights and they are damaged, or another model's
     */
    Model load(ModelConfig config, Tuning tuning) {
        if (recipe.model().lora().isPresent()) {
            return adapted(config, tuning);
        }
        if (own.isPresent()) {
            return OwnCheckpoint.read(run, device, () -> Checkpoint.load(own.get(), config, tuning, device));
        }
        return named.map(source -> byKey(() -> Checkpoint.load(source.checkpoint(), config, tuning, device)))
                .orElseGet(() -> Initialization.of(config, tuning, device, recipe.train().seed()));
    }

    /** The named checkpoint's weights, and adapters: the run's own, or new ones. */
    private Model adapted(ModelConfig config, Tuning tuning) {
        Model model = byKey(() -> Checkpoint.load(named.orElseThrow().checkpoint(), config, tuning, device));
        if (own.isEmpty()) {
            Adapters.initialize(model.parameters(), tuning.adapters(), recipe.train().seed());
            return model;
        }
        return OwnCheckpoint.read(run, device, () -> {
            TrainingCheckpoint.readModel(own.get(), model);
            return model;
        });
    }
}
