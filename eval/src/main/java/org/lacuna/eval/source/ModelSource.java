package org.lacuna.eval.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.lacuna.data.Corpus;
import org.lacuna.data.DataRecipe;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.eval.memory.ForwardMemory;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.graph.Device;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.safetensors.StoredWeights;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.Json;
import org.lacuna.run.folder.ModelReference;
import org.lacuna.run.folder.TextFile;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.run.recipe.YamlProblem;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * A model that a user named, with what its folder tells of how it was made: a run's folder, one of its checkpoints, or a bare checkpoint.
 * What training wrote is read as plain data, so this depends on its files and not on its code.
 */
public final class ModelSource {
    private static final String TOKENIZER = "tokenizer.json";
    /** What a published model says of itself. */
    private static final String MANIFEST = "lacuna.json";

    private final Path checkpoint;
    private final Optional<Path> run;
    private final JsonNode config;
    private final JsonNode state;
    private final JsonNode training;
    /** What a published model's manifest says of how it came to be; missing where there is a run. */
    private final JsonNode published;

    /** The part of a run's recipe that says what it was trained on. */
    private record DataPart(DataRecipe data) {
    }

    private ModelSource(Path checkpoint, Optional<Path> run) {
        this.checkpoint = checkpoint;
        this.run = run;
        published = run.isPresent() ? MissingNode.getInstance() : json(checkpoint.resolve(MANIFEST));
        config = run.map(folder -> yaml(folder.resolve("config.yaml"))).orElse(published.at("/provenance/recipe"));
        state = json(checkpoint.resolve("state.json"));
        training = run.map(folder -> json(folder.resolve("provenance.json"))).orElse(published.at("/provenance/training"));
    }

    /**
     * Finds the model.
     *
     * @param reference as the user wrote it: a checkpoint's folder, a run's folder (its latest checkpoint), or what a resolver knows
     * @throws InputException if there is no checkpoint, or its files can't be read as what they should be
     */
    public static ModelSource of(String reference) {
        Path checkpoint = new ModelReference(reference).checkpoint();
        Path above = checkpoint.toAbsolutePath().normalize().getParent();
        boolean inRun = above != null && above.endsWith("checkpoints") && Files.isRegularFile(above.resolveSibling("config.yaml"));
        // A user who names the run's folder as a relative path is shown a relative path.
        Path run = inRun ? checkpoint.getNameCount() > 2 ? checkpoint.getParent().getParent() : above.getParent() : null;
        return new ModelSource(checkpoint, Optional.ofNullable(run));
    }

    /** The checkpoint's folder. */
    public Path checkpoint() {
        return checkpoint;
    }

    /** The folder of the run that it belongs to, if it does. */
    public Optional<Path> run() {
        return run;
    }

    /** What a report calls it: the run's folder's name, since several runs may be of one recipe; else the checkpoint's. A control has its run's name too. */
    public String name() {
        Path folder = run.orElse(checkpoint).toAbsolutePath().normalize();
        return run.flatMap(Controls::run).map(of -> of.getFileName() + "-").orElse("") + folder.getFileName();
    }

    /** What its run says of how it came to be: the resolved {@code recipe} and {@code training}'s own provenance; empty for a bare checkpoint. */
    public Map<String, JsonNode> provenance() {
        Map<String, JsonNode> found = new TreeMap<>();
        if (!config.isMissingNode()) {
            found.put("recipe", config);
        }
        if (!training.isMissingNode()) {
            found.put("training", training);
        }
        return found;
    }

    /**
     * What it is, without its weights.
     *
     * @throws InputException if its config is not what it should be
     */
    public ModelConfig modelConfig() {
        return Checkpoint.config(checkpoint);
    }

    /**
     * Loads it.
     *
     * @throws InputException if its files are not what they should be
     * @throws RunException if the machine has not the memory for its parameters
     */
    public Model load(Device device) {
        ModelConfig model = modelConfig();
        ForwardMemory.of(model).check(checkpoint.toString(), "a smaller model");
        return load(model, device);
    }

    /**
     * Loads it for one who has held its memory against what there is.
     *
     * @param model as {@link #modelConfig} gave it
     * @throws InputException if its weights are not what they should be
     */
    public Model load(ModelConfig model, Device device) {
        return Checkpoint.load(checkpoint, model, device);
    }

    /**
     * What to measure it on: what its run was trained on, with the user's changes; text in its own tokens, unless a tokenizer is named.
     *
     * @param sets overrides as {@code data.text=FILE}
     * @throws InputException if the recipe or an override is wrong
     */
    public DataRecipe data(List<String> sets) {
        DataRecipe data = run.map(folder -> Recipes.loadPart(folder.resolve("config.yaml"), sets, DataPart.class))
                .orElseGet(() -> Recipes.parse("--set", "data: {}", sets, DataPart.class)).data();
        if (data.instructions().isPresent()) {
            throw new InputException("data.instructions: a model is measured on running text; give one by --set data.instructions=null --set data.text=FILE");
        }
        Path tokenizer = checkpoint.resolve(TOKENIZER);
        boolean own = data.text().isPresent() && data.tokenizer().isEmpty() && Files.isRegularFile(tokenizer);
        return own && !(Tokenizers.load(tokenizer) instanceof ByteTokenizer) ? data.withTokenizer(tokenizer) : data;
    }

    /** What to tell where {@link #data} had nothing to go by: a checkpoint does not say what it was trained on. */
    public Optional<String> ofGuessedData(List<String> sets) {
        return run.isPresent() || sets.stream().anyMatch(set -> set.startsWith("data.")) ? Optional.empty()
                : Optional.of("a checkpoint by itself names no data, so it is measured on the embedded stories; name its text by --set data.text=FILE");
    }

    /**
     * Refuses a corpus that can't be in this model's tokens: one with ids beyond the model's (a tokenizer may know more, as that of the small
     * Gemma 3 does, if the text has none of them), or a text that was read as bytes where the model's own {@code tokenizer.json} says otherwise,
     * or the other way round. What passes may still be other tokens: of a corpus of ids, and of a model without a tokenizer, nothing tells (a
     * comparison notes the latter).
     *
     * @throws InputException if it is refused
     */
    public void check(Corpus corpus, ModelConfig model) {
        if (corpus.vocabularySize() > model.vocabulary()) {
            int largest = Math.max(corpus.train().largest(), corpus.validation().largest());
            if (largest >= model.vocabulary()) {
                throw new InputException(checkpoint + ": the model has " + model.vocabulary() + " token ids, and the corpus " + corpus.name() + " has the id " + largest
                        + "; give the data that it was trained for, in its tokens");
            }
        }
        if (corpus.tokenizer().isPresent() && Files.isRegularFile(checkpoint.resolve(TOKENIZER))) {
            boolean bytes = Tokenizers.load(checkpoint.resolve(TOKENIZER)) instanceof ByteTokenizer;
            if (bytes != corpus.tokenizer().get() instanceof ByteTokenizer) {
                throw new InputException(checkpoint.resolve(TOKENIZER) + ": the model " + (bytes ? "reads byte-level tokens, the corpus "
                        + corpus.name() + " has others" : "does not read the byte-level tokens that the corpus " + corpus.name() + " has; give it text by --set data.text=FILE"));
            }
        }
    }

    /**
     * All that a report says of the model.
     *
     * @param c what it is
     * @param corpus what it is measured on, if it is; named as its training data where the hashes agree
     */
    public ModelSummary summary(ModelConfig c, Optional<Corpus> corpus) {
        Optional<String> dataHash = text(state.path("data_sha256")).or(() -> text(published.at("/training/data_sha256")));
        Path tokenizer = checkpoint.resolve(TOKENIZER);
        return new ModelSummary(name(), checkpoint.toString(), weightsSha256(),
                Hashes.file(checkpoint.resolve(Checkpoint.CONFIG)), ForwardMemory.of(c).count(), c.layers(), c.hidden(), c.intermediate(), c.heads(),
                c.kvHeads(), c.vocabulary(), c.feedForward().experts().isPresent(), c.feedForward().activation(), form(c), c.tied(), objective(), training(), number(config.at("/train/seed")),
                known(state.path("step"), published.at("/training/steps")), known(state.path("tokens"), published.at("/training/tokens")),
                run.map(TrainingPace::tokensPerSecond).orElse(OptionalDouble.empty()), dataHash.flatMap(hash -> dataName(hash, corpus)), dataHash,
                Files.isRegularFile(tokenizer) ? Optional.of(Hashes.file(tokenizer)) : Optional.empty());
    }

    private static String form(ModelConfig c) {
        FeedForward ffn = c.feedForward();
        String form = !ffn.gated() ? "ungated" : ffn.upActivation().equals(FeedForward.IDENTITY) ? "gated" : "gated with " + ffn.upActivation() + " on up";
        String masks = ffn.masks().stream().map(m -> ", " + m.rule() + " " + m.value() + " at " + m.site().key()).collect(Collectors.joining());
        return (c.normActivation().equals(FeedForward.IDENTITY) ? "" : c.normActivation() + " behind norms, ") + (ffn.thresholds().isEmpty() ? "" : "thresholded ") + form + masks;
    }

    /** Hash of the files of its weights. */
    public String weightsSha256() {
        try (StoredWeights weights = StoredWeights.open(checkpoint)) {
            return Hashes.files(weights.paths());
        }
    }

    private Optional<String> objective() {
        if (config.isMissingNode()) {
            return Optional.empty();
        }
        StringBuilder text = new StringBuilder("cross-entropy");
        for (JsonNode penalty : config.at("/objective/penalties")) {
            if (weighs(penalty)) {
                text.append(" + ").append(inWords(penalty));
            }
        }
        if (config.at("/objective/zLoss").asDouble() > 0) {
            text.append(" + ").append(config.at("/objective/zLoss").asText()).append(" · z-loss");
        }
        JsonNode distill = config.at("/objective/distill");
        if (distill.isObject()) {
            text.append(" + distillation from ").append(distill.path("from").asText());
        }
        return Optional.of(text.toString());
    }

    private static boolean weighs(JsonNode penalty) {
        for (JsonNode stage : penalty.path("stages")) {
            if (stage.path("lambda").asDouble() > 0) {
                return true;
            }
        }
        return penalty.path("lambda").asDouble() > 0;
    }

    private static String inWords(JsonNode penalty) {
        String schedule = penalty.path("schedule").asText("constant");
        JsonNode stages = penalty.path("stages");
        String lambda = stages.isEmpty() ? penalty.path("lambda").asText() : stages.get(stages.size() - 1).path("lambda").asText();
        String path = switch (schedule) {
            case "stages" -> ", in " + stages.size() + " stages";
            case "linear", "cosine" -> ", rising over " + penalty.path("warmup").asText("0") + " steps";
            default -> "";
        };
        String target = penalty.path("target").isNumber() ? ", moved to hold " + penalty.path("target").asText() + " zeros" : "";
        return lambda + " · " + penalty.path("kind").asText() + " of " + penalty.path("site").asText("intermediate") + path + target;
    }

    private Training training() {
        if (config.isMissingNode()) {
            return Training.UNKNOWN;
        }
        for (JsonNode penalty : config.at("/objective/penalties")) {
            if (weighs(penalty)) {
                return Training.INDUCED;
            }
        }
        if (!config.at("/model/masks").isEmpty()) {
            return Training.INDUCED;
        }
        // What it began with, or was taught by, may have been made sparse.
        return config.at("/model/from").isTextual() || config.at("/objective/distill").isObject() ? Training.UNKNOWN : Training.NATURAL;
    }

    private Optional<String> dataName(String hash, Optional<Corpus> corpus) {
        return corpus.filter(c -> hash.equals(c.sha256())).map(Corpus::name).or(() -> text(config.at("/data/text")).or(() -> text(config.at("/data/instructions"))).or(() -> text(config.at("/data/ids"))));
    }

    private static OptionalLong known(JsonNode first, JsonNode second) {
        return first.isIntegralNumber() ? number(first) : number(second);
    }

    private static OptionalLong number(JsonNode node) {
        return node.isIntegralNumber() ? OptionalLong.of(node.asLong()) : OptionalLong.empty();
    }

    private static Optional<String> text(JsonNode node) {
        return node.isTextual() && !node.asText().isEmpty() ? Optional.of(node.asText()) : Optional.empty();
    }

    private static JsonNode json(Path file) {
        return Files.isRegularFile(file) ? Json.read(file) : MissingNode.getInstance();
    }

    private static JsonNode yaml(Path file) {
        LoaderOptions options = new LoaderOptions();
        options.setMaxAliasesForCollections(0); // training writes none; one that holds itself has no end as JSON
        try {
            Object tree = new Yaml(new SafeConstructor(options)).load(TextFile.read(file));
            return new ObjectMapper().valueToTree(tree);
        } catch (YAMLException e) {
            throw new InputException(file + ": not valid YAML: " + YamlProblem.of(e), e);
        }
    }
}
