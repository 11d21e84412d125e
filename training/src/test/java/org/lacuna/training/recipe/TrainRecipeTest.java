package org.lacuna.training.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Recipes;

class TrainRecipeTest {
    private static final Path CONFIGS = Path.of("..", "configs");
    private static final Path NANO = CONFIGS.resolve("nano.yaml");
    private static final Path FINETUNE = CONFIGS.resolve("finetune.yaml");

    /** Keys that a model from a checkpoint can't have. */
    private static final List<String> SIZES = List.of("hidden:", "intermediate:", "layers:", "heads:", "kvHeads:", "ffn:", "tied:", "ropeTheta:", "normEps:",
            "initStd:", "maxPositions:");

    static List<Path> shipped() throws IOException {
        try (Stream<Path> files = Files.list(CONFIGS)) {
            return files.filter(f -> f.toString().endsWith(".yaml")).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("shipped")
    void shippedRecipesAreWholeAndSound(Path file) throws IOException {
        TrainRecipe recipe = TrainRecipe.load(file, List.of());
        assertEquals(file.getFileName().toString(), recipe.name() + ".yaml");
        boolean fresh = recipe.model().from().isEmpty();
        if (fresh) {
            recipe.model().config(257, OptionalInt.of(256)).check(file.toString(), key -> key);
        }
        String yaml = Files.readString(file);
        assertEquals(recipe, Recipes.parse("again", Recipes.toYaml(recipe), List.of(), TrainRecipe.class));
        for (String line : yaml.split("\n")) {
            boolean key = line.matches(" +[a-zA-Z0-9]+: .*");
            assertTrue(!key || line.contains("  # ") || line.contains(" # "), file + " has a key without a comment: " + line);
        }
        // A shipped recipe names every key, so that nobody has to look elsewhere for what there is.
        for (String line : Recipes.toYaml(recipe).split("\n")) {
            if (line.matches("  +- .*|   +.*")) {
                continue; // within a list or a nested mapping
            }
            String key = line.strip().replaceFirst(":.*", ":");
            boolean ofTheCheckpoint = !fresh && SIZES.contains(key);
            assertEquals(!ofTheCheckpoint, yaml.contains("\n    " + key) || yaml.contains("\n  " + key) || yaml.contains("\n" + key), file + " and " + key);
        }
    }

    @Test
    void theQuickstartsDifferInWhatTheyCompareOnly() {
        TrainRecipe silu = TrainRecipe.load(CONFIGS.resolve("quickstart-silu.yaml"), List.of());
        TrainRecipe relu = TrainRecipe.load(CONFIGS.resolve("quickstart-relu.yaml"), List.of());
        TrainRecipe l1 = TrainRecipe.load(CONFIGS.resolve("quickstart-relu-l1.yaml"), List.of());
        assertEquals(relu.model(), l1.model());
        assertEquals(relu.data(), l1.data());
        assertEquals(relu.train(), l1.train());
        assertEquals(relu.data(), silu.data());
        assertEquals(relu.train(), silu.train());
        assertEquals(Optional.of("silu"), silu.model().activation());
        assertEquals(Optional.of("relu"), relu.model().activation());
        assertTrue(l1.objective().isPenalised());
        assertEquals(Objective.plain(), relu.objective());
        assertEquals(Objective.plain(), silu.objective());
        TrainSettings t = relu.train();
        assertTrue((long) t.steps() * t.batch() * t.window() >= 1_000_000);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            objective.penalties.0.lambda=-1 | objective.penalties[0].lambda
            model.heads=3              | model.heads
            model.heads=32             | even
            model.kvHeads=3            | model.kvHeads
            model.activation=rellu     | model.activation
            model.normActivation=rellu | model.normActivation
            model.ffn=relu             | model.ffn
            model.layers=0             | model.layers
            train.batch=7              | train.batch
            train.warmup=61            | train.warmup
            train.window=33            | train.window
            train.lr=fast              | train.lr
            train.schedule=step        | train.schedule
            train.decay=0              | train.decay
            train.groups=[{lr: 2}]     | train.groups[0].pattern
            train.groups=[{pattern: '*', lr: -1}] | train.groups[0].lr
            train.clip=0               | train.clip
            train.recompute=layers     | train.recompute
            train.beta2=1              | train.beta2
            train.ema=1                | train.ema
            train.keep.last=-1         | train.keep.last
            train.keep.best=true       | train.keep.best
            train.keep.every=20        | train.keep.every
            train.keep={last: 1, every: 30} | train.keep.every
            train.rollback.factor=1    | train.rollback.factor
            train.rollback.times=-1    | train.rollback.times
            train.sample.tokens=0      | train.sample.tokens
            train.snapshot.sites=[]    | train.snapshot.sites
            train.snapshot.sites=[gate, gate] | train.snapshot.sites
            train.snapshot.sites=[middle] | train.snapshot.sites
            train.dropout=1            | train.dropout
            train.steps=1.5            | train.steps
            train.stepz=3              | steps
            objective.penalties.0.site=inside | objective.penalties[0].site
            objective.penalties.0.site=attention_input | objective.penalties[0].site: expected one of input, preactivation, gate, up, intermediate
            objective.zLoss=2          | objective.zLoss
            name=a/b                   | name
            """)
    void wrongKeysAreNamed(String set, String named) {
        InputException e = assertThrows(InputException.class, () -> TrainRecipe.load(NANO, List.of(set)));
        assertTrue(e.getMessage().contains(named), e.getMessage());
    }

    @Test
    void whatNeedsValidationsIsRefusedWithoutThem() {
        InputException e = assertThrows(InputException.class, () -> TrainRecipe.load(NANO, List.of("train.evalEvery=0", "train.patience=3", "train.keep.last=2", "train.keep.best=true")));
        assertEquals(2, e.problems().size(), e.getMessage());
        assertTrue(e.problems().get(0).contains("patience") && e.problems().get(1).contains("keep.best"), e.getMessage());
    }

    @Test
    void allProblemsComeTogether() {
        InputException e = assertThrows(InputException.class, () -> TrainRecipe.load(NANO,
                List.of("objective.penalties.0.lambda=-1", "model.heads=3", "model.activation=rellu", "train.warmup=61", "train.batch=7", "train.foo=1")));
        for (String key : List.of("objective.penalties[0].lambda", "model.heads", "model.activation", "train.foo")) {
            assertTrue(e.problems().stream().anyMatch(p -> p.contains(key)), key + " is missing in " + e.getMessage());
        }
    }

    @Test
    void aFreshModelHasDefaultsAndACheckpointsHasNone() {
        ModelRecipe fresh = Recipes.parse("fresh", "{}", List.of(), ModelRecipe.class);
        assertEquals(new ModelRecipe(Optional.empty(), Optional.of(128), Optional.of(352), Optional.of(4), Optional.of(4), Optional.of(4), Optional.of("silu"), Optional.of("identity"),
                Optional.of(ModelRecipe.Ffn.GATED), Optional.of(List.of()), Optional.of(true), Optional.of(10000.0), Optional.of(1e-6), Optional.of(0.02), Optional.of(2048), List.of(), Optional.empty()), fresh);
        ModelRecipe from = TrainRecipe.load(FINETUNE, List.of("model.from=some/where", "model.activation=relu")).model();
        Optional<Integer> none = Optional.empty();
        assertEquals(new ModelRecipe(Optional.of("some/where"), none, none, none, none, none, Optional.of("relu"), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(),
                Optional.empty(), Optional.empty(), Optional.empty(), none, List.of(), Optional.empty()), from);
        assertEquals(from, Recipes.parse("again", Recipes.toYaml(from), List.of(), ModelRecipe.class));
        assertThrows(IllegalStateException.class, () -> from.config(257, OptionalInt.empty()));
    }

    @Test
    void theSizesOfACheckpointAreItsOwn() {
        InputException all = assertThrows(InputException.class, () -> TrainRecipe.load(NANO, List.of("model.from=x")));
        assertEquals("--set model.from=x: the checkpoint has its own hidden, intermediate, layers, heads, kvHeads, ffn, tied, ropeTheta, normEps, initStd, maxPositions;"
                + " leave these keys of model out, or take a recipe without them (configs/finetune.yaml)", all.getMessage());
        InputException one = assertThrows(InputException.class, () -> TrainRecipe.load(FINETUNE, List.of("model.layers=2")));
        assertTrue(one.getMessage().contains("model.from: the checkpoint has its own layers;"), one.getMessage());
        InputException activation = assertThrows(InputException.class, () -> TrainRecipe.load(FINETUNE, List.of("model.activation=rellu")));
        assertTrue(activation.getMessage().startsWith("--set model.activation=rellu: "), activation.getMessage());
    }

    @Test
    void theActivationBehindTheNormsIsTheRecipesOrTheCheckpoints() {
        ModelConfig plain = TrainRecipe.load(NANO, List.of()).model().config(257, OptionalInt.empty());
        ModelConfig relu = TrainRecipe.load(NANO, List.of("model.normActivation=relu")).model().config(257, OptionalInt.empty());
        assertEquals("identity", plain.normActivation());
        assertEquals("llama", plain.family());
        assertEquals(plain.withNormActivation("relu"), relu);
        assertEquals("lacuna_llama", relu.family());
        ModelRecipe own = TrainRecipe.load(FINETUNE, List.of()).model();
        ModelRecipe silu = TrainRecipe.load(FINETUNE, List.of("model.normActivation=silu", "model.activation=gelu")).model();
        assertEquals(relu, own.config(relu));
        assertEquals(plain, own.config(plain));
        assertEquals("silu", silu.config(relu).normActivation());
        assertEquals("gelu", silu.config(relu).feedForward().activation());
        assertEquals("silu", silu.config(plain).normActivation());
    }

    @Test
    void theHashIsOfWhatTheResultDependsOn() {
        String hash = TrainRecipe.load(NANO, List.of()).sha256();
        assertEquals(hash, TrainRecipe.load(NANO, List.of("train.workers=1", "train.logEvery=3", "train.recompute=layer", "train.keep.last=2", "train.tensorboard=false",
                "train.sample={every: 3, prompt: x}", "train.snapshot={every: 2, windows: 1, sites: [gate]}")).sha256());
        assertNotEquals(hash, TrainRecipe.load(NANO, List.of("train.shards=1")).sha256());
        for (String set : List.of("train.lr=1e-5", "train.schedule=wsd", "train.groups=[{pattern: '*', lr: 2}]", "train.ema=0.5", "train.patience=4", "train.rollback.times=2",
                "train.rollback.factor=0.1", "train.dropout=0.1")) {
            assertNotEquals(hash, TrainRecipe.load(NANO, List.of(set)).sha256(), set);
        }
    }

    @Test
    void moreThreadsThanFindWorkAreNotStarted() {
        Path nano = CONFIGS.resolve("nano.yaml");
        int processors = Runtime.getRuntime().availableProcessors();
        int shards = TrainRecipe.load(nano, List.of()).train().shards();
        assertEquals(Math.max(shards, processors), TrainRecipe.load(nano, List.of("train.workers=4096")).train().workersHere());
        assertEquals(1, TrainRecipe.load(nano, List.of("train.workers=1")).train().workersHere());
    }
}
