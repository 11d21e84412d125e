package org.lacuna.training.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.data.Batch;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.graph.Device;
import org.lacuna.graph.cpu.CpuDevice;
import org.lacuna.graph.penalty.Penalties;
import org.lacuna.graph.penalty.Penalty;
import org.lacuna.model.Checkpoint;
import org.lacuna.model.Initialization;
import org.lacuna.model.Model;
import org.lacuna.model.config.FeedForwardSite;
import org.lacuna.model.config.Mask;
import org.lacuna.model.config.ModelConfig;
import org.lacuna.training.StepMetrics;
import org.lacuna.training.StepMetrics.PenaltyMetrics;
import org.lacuna.training.Trainer;
import org.lacuna.training.TrainingPrograms;

/** The recipes of single objectives, and those of papers: each is read, compiled and, where it is small, takes a step. */
class ObjectiveRecipesTest {
    private static final Path OBJECTIVES = Path.of("..", "configs", "objectives");
    private static final Path PAPER = Path.of("..", "configs", "paper");
    private static final int VOCABULARY = 257;
    private static final OptionalInt END = OptionalInt.of(256);
    private static final String STRONG = "# strong: ";
    private static final String AGAINST = "# against: ";

    /** Small models of the families that papers fine-tune, in the place of theirs. */
    private static final Map<String, String> STAND_INS = Map.of("my-llama-2-7b", "llama-mha", "my-llama-2-13b", "llama-mha", "my-1b", "llama-mha", "my-mistral-7b", "llama-mha",
            "my-gpt2", "gpt2", "my-gemma", "gemma3-text");

    private final Device device = new CpuDevice();

    static List<Path> objectives() throws IOException {
        return recipes(OBJECTIVES);
    }

    static List<Path> papers() throws IOException {
        return recipes(PAPER);
    }

    private static List<Path> recipes(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> f.toString().endsWith(".yaml")).sorted().toList();
        }
    }

    /** What follows a mark in the recipe's head, a line each. */
    private static List<String> marked(Path file, String mark) throws IOException {
        return Files.readAllLines(file).stream().filter(line -> line.startsWith(mark)).map(line -> line.substring(mark.length())).toList();
    }

    private static TrainRecipe load(Path file, List<String> sets) {
        TrainRecipe recipe = TrainRecipe.load(file, sets);
        assertEquals(file.getFileName().toString(), recipe.name() + ".yaml");
        return recipe;
    }

    private static void hasAComment(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        assertTrue(lines.get(0).startsWith("# "), file + " says what it is");
        for (String line : lines) {
            assertFalse(line.matches(" +(- )?[a-zA-Z0-9]+: .*") && !line.contains(" # "), file + " has a key without a comment: " + line);
        }
    }

    @ParameterizedTest
    @MethodSource("objectives")
    void anObjectiveDiffersFromItsControlInTheObjectiveOnly(Path file) throws IOException {
        hasAComment(file);
        TrainRecipe mild = load(file, List.of());
        List<String> against = marked(file, AGAINST);
        List<String> strong = marked(file, STRONG);
        assertTrue(against.size() <= 1, file + " has one control");
        assertEquals(mild.name().startsWith("control-"), strong.isEmpty(), file + " has a strong form, or is a control");
        TrainRecipe stronger = load(file, strong);
        assertEquals(strong.isEmpty(), mild.equals(stronger));
        if (against.isEmpty()) {
            assertTrue(strong.isEmpty(), file + " has a control");
            return;
        }
        TrainRecipe control = load(OBJECTIVES.resolve(against.get(0) + ".yaml"), List.of());
        assertEquals(Objective.plain(), control.objective());
        for (TrainRecipe recipe : List.of(mild, stronger)) {
            assertEquals(control.data(), recipe.data());
            assertEquals(control.train(), recipe.train());
            assertEquals(likeControl(control.model(), recipe.model()), control.model());
        }
        TrainSettings t = mild.train();
        assertTrue((long) t.steps() * t.batch() * t.window() >= 500_000, "tokens");
    }

    /** The model with the control's activations, form and masks. */
    private static ModelRecipe likeControl(ModelRecipe c, ModelRecipe m) {
        return new ModelRecipe(m.from(), m.hidden(), m.intermediate(), m.layers(), m.heads(), m.kvHeads(), c.activation(), c.normActivation(), c.ffn(), c.masks(), m.tied(),
                m.ropeTheta(), m.normEps(), m.initStd(), m.maxPositions(), m.freeze(), m.lora());
    }

    @Test
    void thereIsOneForEachPenaltyAndEachRule() throws IOException {
        Set<String> penalties = new TreeSet<>();
        Set<String> rules = new TreeSet<>();
        for (Path file : objectives()) {
            TrainRecipe recipe = load(file, List.of());
            recipe.objective().penalties().forEach(p -> penalties.add(p.kind()));
            recipe.model().masks().stream().flatMap(List::stream).forEach(m -> rules.add(m.rule()));
        }
        assertEquals(Penalties.all().stream().map(Penalty::name).collect(Collectors.toCollection(TreeSet::new)), penalties);
        assertEquals(Set.of("top_k", "stat_top_k", "top_p"), rules);
    }

    @ParameterizedTest
    @MethodSource("objectives")
    void eachTakesAStep(Path file) throws IOException {
        List<String> sets = new ArrayList<>(List.of("train.batch=2", "train.window=32"));
        step(load(file, sets));
        sets.addAll(marked(file, STRONG));
        step(load(file, sets));
    }

    private void step(TrainRecipe recipe) throws IOException {
        ModelConfig config = config(recipe);
        config.check(recipe.name(), key -> key);
        Batch batch = batch(recipe.train());
        try (Trainer trainer = new Trainer(Initialization.of(config, device, 1), recipe.train(), recipe.objective(), device)) {
            Model before = Initialization.of(config, device, 1);
            StepMetrics step = trainer.step(batch);
            assertEquals(Math.log(VOCABULARY), step.loss(), 0.2, "fresh weights know nothing");
            assertEquals(recipe.objective().penalties().stream().map(PenaltyRecipe::name).toList(), step.penalties().stream().map(PenaltyMetrics::name).toList());
            step.penalties().forEach(p -> assertTrue(p.value() > 0 && Double.isFinite(p.value()), p.toString()));
            for (Mask mask : config.feedForward().masks()) {
                boolean counts = mask.site() == FeedForwardSite.INTERMEDIATE && mask.rule().equals("top_k");
                assertTrue(!counts || step.zeros() >= 1 - mask.value(), mask + ": " + step.zeros());
                assertNotEquals(0, step.zeros());
            }
            for (String name : before.parameters().names()) {
                float[] now = trainer.model().parameters().tensor(name).toFloats();
                assertFalse(Arrays.equals(before.parameters().tensor(name).toFloats(), now), name + " was trained");
                assertTrue(IntStream.range(0, now.length).allMatch(i -> Float.isFinite(now[i])), name);
            }
        }
    }

    /** The model's config: of a checkpoint, that of the run that the recipe names. */
    private static ModelConfig config(TrainRecipe recipe) {
        Optional<String> from = recipe.model().from();
        if (from.isEmpty()) {
            return recipe.model().config(VOCABULARY, END);
        }
        TrainRecipe run = load(OBJECTIVES.resolve(Path.of(from.get()).getFileName() + ".yaml"), List.of());
        return recipe.model().config(run.model().config(VOCABULARY, END));
    }

    private static Batch batch(TrainSettings train) {
        int tokens = train.batch() * train.window();
        int[] ids = IntStream.rangeClosed(0, tokens).map(i -> i * i % 251).toArray();
        return new Batch(train.batch(), train.window(), Arrays.copyOf(ids, tokens), Arrays.copyOfRange(ids, 1, tokens + 1));
    }

    @ParameterizedTest
    @MethodSource("papers")
    void aPapersRecipeCompiles(Path file, @TempDir Path temp) throws IOException {
        hasAComment(file);
        TrainRecipe recipe = load(file, List.of());
        assertTrue(Files.readString(file).contains("arXiv "), file + " names its paper");
        Optional<String> from = recipe.model().from();
        ModelConfig config = from.isEmpty() ? recipe.model().config(49_152, OptionalInt.empty())
                : recipe.model().config(Checkpoint.config(Fixtures.unpack(STAND_INS.get(from.get()), temp)));
        config.check(recipe.name(), key -> key);
        TrainSettings train = TrainRecipe.load(file, from.isEmpty() ? List.of() : List.of("train.window=" + config.maxPositions())).train();
        TrainingPrograms programs = TrainingPrograms.compile(config, train, recipe.objective(), device);
        assertTrue(programs.memory(0).activations() > 0);
    }
}
