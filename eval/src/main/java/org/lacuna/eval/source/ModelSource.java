package org.lacuna.eval.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.lacuna.data.Corpus;
import org.lacuna.data.DataRecipe;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.graph.Device;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForward;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.model.safetensors.SafetensorsFile;
import org.lacuna.model.safetensors.StoredTensor;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.Json;
import org.lacuna.run.folder.ModelReference;
import org.lacuna.run.folder.TextFile;
import org.lacuna.run.provenance.Machine;
import org.lacuna.run.recipe.Recipes;
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

    private final Path checkpoint;
    private final Optional<Path> run;
    private final JsonNode config;
    private final JsonNode state;
    private final JsonNode training;

    /** The part of a run's recipe that says what it was trained on. */
    private record DataPart(DataRecipe data) {
    }

    private ModelSource(Path checkpoint, Optional<Path> run) {
        this.checkpoint = checkpoint;
        this.run = run;
        config = run.map(folder -> yaml(folder.resolve("config.yaml"))).orElse(MissingNode.getInstance());
        state = json(checkpoint.resolve("state.json"));
        training = run.map(folder -> json(folder.resolve("provenance.json"))).orElse(MissingNode.getInstance());
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

    /** What a report calls it: the run's folder's name, since several runs may be of one recipe; else the checkpoint's. */
    public String name() {
        return run.orElse(checkpoint).toAbsolutePath().normalize().getFileName().toString();
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
     * Loads it.
     *
     * @throws InputException if its files are not what they should be
     * @throws RunException if the machine has not the memory for its parameters
     */
    public Model load(Device device) {
        checkMemory(Machine.here().memoryBytes());
        return Checkpoint.load(checkpoint, device);
    }

    /** Memory that is promised and not there ends the process without a word, so what can be known is checked before. */
    void checkMemory(long memoryBytes) {
        Path weights = checkpoint.resolve(Checkpoint.WEIGHTS);
        if (memoryBytes == 0 || !Files.isRegularFile(weights)) {
            return;
        }
        long parameters = 0;
        try (SafetensorsFile file = SafetensorsFile.open(weights)) {
            for (StoredTensor tensor : file.tensors().values()) {
                parameters += tensor.length();
            }
        }
        if (parameters * Float.BYTES > memoryBytes) {
            throw new RunException(String.format(Locale.ROOT, "%s: too large for this machine: its %,d parameters take %.1f GB as 32-bit numbers, and"
                    + " there are %.1f GB of memory in all", checkpoint, parameters, parameters * Float.BYTES * 1e-9, memoryBytes * 1e-9));
        }
    }

    /**
     * What to measure it on: what its run was trained on, with the user's changes.
     *
     * @param sets overrides as {@code data.text=FILE}
     * @throws InputException if the recipe or an override is wrong
     */
    public DataRecipe data(List<String> sets) {
        if (run.isPresent()) {
            return Recipes.loadPart(run.get().resolve("config.yaml"), sets, DataPart.class).data();
        }
        return Recipes.parse("--set", "data: {}", sets, DataPart.class).data();
    }

    /**
     * Refuses a corpus that can't be in this model's tokens: one with more token ids than the model has, or a text that was read as bytes where
     * the model's own {@code tokenizer.json} says otherwise, or the other way round. What passes may still be other tokens: of a corpus of ids, and of a model without a
     * tokenizer, nothing tells (a comparison notes the latter).
     *
     * @throws InputException if it is refused
     */
    public void check(Corpus corpus, ModelConfig model) {
        if (corpus.vocabularySize() > model.vocabulary()) {
            throw new InputException(checkpoint + ": the model has " + model.vocabulary() + " token ids, the corpus " + corpus.name() + " "
                    + corpus.vocabularySize() + "; give the data that it was trained for, in its tokens");
        }
        if (corpus.tokenizer().isPresent() && Files.isRegularFile(checkpoint.resolve(TOKENIZER))) {
            boolean bytes = Tokenizers.load(checkpoint.resolve(TOKENIZER)) instanceof ByteTokenizer;
            if (bytes != corpus.tokenizer().get() instanceof ByteTokenizer) {
                throw new InputException(checkpoint.resolve(TOKENIZER) + ": the model " + (bytes ? "reads byte-level tokens, the corpus "
                        + corpus.name() + " has others" : "does not read the byte-level tokens that the corpus " + corpus.name() + " has"));
            }
        }
    }

    /**
     * All that a report says of the model.
     *
     * @param model as {@link #load} gave it
     * @param corpus what it is measured on; named as its training data where the hashes agree
     */
    public ModelSummary summary(Model model, Corpus corpus) {
        ModelConfig c = model.config();
        FeedForward ffn = c.feedForward();
        String form = !ffn.gated() ? "ungated" : ffn.upActivation().equals(FeedForward.IDENTITY) ? "gated" : "gated with " + ffn.upActivation() + " on up";
        Optional<String> dataHash = text(state.path("data_sha256"));
        Path tokenizer = checkpoint.resolve(TOKENIZER);
        return new ModelSummary(name(), checkpoint.toString(), Hashes.file(checkpoint.resolve(Checkpoint.WEIGHTS)),
                Hashes.file(checkpoint.resolve(Checkpoint.CONFIG)), model.parameters().count(), c.layers(), c.hidden(), c.intermediate(), c.heads(),
                c.kvHeads(), c.vocabulary(), ffn.activation(), form, c.tied(), objective(), training(), number(config.at("/train/seed")),
                number(state.path("step")), number(state.path("tokens")), dataHash.flatMap(hash -> dataName(hash, corpus)), dataHash,
                Files.isRegularFile(tokenizer) ? Optional.of(Hashes.file(tokenizer)) : Optional.empty());
    }

    private Optional<String> objective() {
        if (config.isMissingNode()) {
            return Optional.empty();
        }
        JsonNode objective = config.path("objective");
        if (!(objective.path("l1").asDouble() > 0)) {
            return Optional.of("cross-entropy");
        }
        return Optional.of("cross-entropy + " + objective.path("l1").asText() + " · L1 norm of " + objective.path("site").asText("intermediate")
                + ", rising over " + objective.path("warmup").asText("0") + " steps");
    }

    private Training training() {
        if (config.isMissingNode()) {
            return Training.UNKNOWN;
        }
        return config.at("/objective/l1").asDouble() > 0 ? Training.INDUCED : Training.NATURAL;
    }

    private Optional<String> dataName(String hash, Corpus corpus) {
        return hash.equals(corpus.sha256()) ? Optional.of(corpus.name()) : text(config.at("/data/text")).or(() -> text(config.at("/data/ids")));
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
            throw new InputException(file + ": not valid YAML: " + e.getMessage(), e);
        }
    }
}
