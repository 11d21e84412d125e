package org.lacuna.training.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Recipes;
import org.lacuna.training.command.SweepCommand;
import picocli.CommandLine;

class SweepRecipeTest {
    private static final Path CONFIGS = Path.of("..", "configs");
    private static final Path NANO = CONFIGS.resolve("sweeps").resolve("nano.yaml");

    @TempDir
    private Path temp;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int execute(String... args) {
        CommandLine command = new CommandLine(new SweepCommand()).setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        command.setExecutionExceptionHandler((failure, line, parsed) -> {
            line.getErr().println(failure.getMessage());
            return ExitCode.of(failure);
        });
        return command.execute(args);
    }

    static List<Path> shipped() throws IOException {
        try (Stream<Path> files = Files.list(CONFIGS.resolve("sweeps"))) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("shipped")
    void shippedSweepsFitTheirRecipes(Path file) throws IOException {
        SweepRecipe sweep = SweepRecipe.load(file, List.of());
        assertEquals(file.getFileName().toString(), sweep.name().replace("sweep-", "") + ".yaml");
        assertEquals(sweep, Recipes.parse("again", Recipes.toYaml(sweep), List.of(), SweepRecipe.class));
        sweep.base(Path.of("..").resolve(sweep.recipe()));
        for (String line : Files.readAllLines(file)) {
            assertTrue(!line.matches("[a-zA-Z]+: *[^ ].*") || line.startsWith("name:") || line.contains(" # "), file
                    + " has a key without a comment: " + line);
        }
    }

    @Test
    void theSweepThatIsShownHasTwentyFourCandidatesAndMore() {
        SweepRecipe sweep = SweepRecipe.load(CONFIGS.resolve("sweeps").resolve("l1.yaml"), List.of());
        assertTrue(sweep.budget() >= 24 && sweep.halving().isPresent());
        assertEquals(List.of("objective.penalties.0.lambda", "train.lr", "model.activation"), sweep.space().stream().map(SearchKey::key).toList());
    }

    /** Each is one clear problem, at its key, and nothing is written. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            budget=0                                                       | --set budget=0: expected a whole number of at most 32 bits, at least 1
            budgett=3                                                      | --set budgett=3: unknown key; did you mean budget?
            search=bayesian                                                | --set search=bayesian: expected one of random, grid, genetic
            space=[]                                                       | --set space=[]: is empty, so there is nothing to search
            space.0.min=2                                                  | --set space.0.min=2: space[0].min: 2.0 is not below max = 0.01
            space.0.min=0                                                  | --set space.0.min=0: space[0].min: 0.0 has no logarithm
            space.0.min=null                                               | min: missing; a range has min and max
            space.0.values=[1]                                             | values: are of a discrete key; this one is log-uniform
            space.1.values=[]                                              | values: none is given; a discrete key takes one of a list
            space.1.values=[relu, relu]                                    | values: one is named twice
            space.1.min=1                                                  | a discrete key has values and neither min nor max
            space.0.type=integer                                           | expected whole numbers of at most 32 bits for min and max, found 0.001 and 0.01
            space.0={key: train.warmup, type: integer, min: -2000000000, max: 2000000000} | --set space.0={key: train.warmup, type: integer, min: -2000000000, max: 2000000000}: space[0].max: a range of 4000000000 from min to max is wider
            space.0.type=quantile                                          | expected one of continuous, log-uniform, integer, discrete
            space.0.key=train.lrr                                          | space: train.lrr: --set train.lrr=0.001: unknown key; did you mean train.lr?
            space.0.key=train.steps                                        | space: train.steps: is the same for all candidates of a sweep
            space.0.key=train.clip                                         | OK
            space.1.values=[relu, rely]                                    | space: model.activation: --set model.activation=rely
            space.2.key=objective.penalties.1.lambda                       | penalties is a list of 1
            space.2.when.key=model.ffn                                     | when.key: model.ffn is none of the keys that stand before it in space: model.activation, train.lr
            space.2.when.in=[]                                             | in: names no value, so the key would never be searched
            halving.eta=1                                                  | --set halving.eta=1: expected a number, above 1
            halving.rungs=[20, 20]                                         | --set halving.rungs=[20, 20]: do not rise: 20 comes after 20
            halving.rungs=[30, 20]                                         | --set halving.rungs=[30, 20]: do not rise: 20 comes after 30
            halving.rungs=[]                                               | --set halving.rungs=[]: none is given
            halving.rungs=[60]                                             | --set halving.rungs=[60]: 60 is not below train.steps = 60
            repeat=0                                                       | --set repeat=0: expected a whole number of at most 32 bits, at least 1
            population=3                                                   | at least 4
            score.slack=-1                                                 | --set score.slack=-1: expected a number, at least 0
            score={measure: exact-zeros, site: all-inputs}                 | site: exact zeros are counted at one site
            windows=1                                                      | at least 2
            control=[objective.penaltie=3]                                 | --set control=[objective.penaltie=3]: --set objective.penaltie=3: unknown key; did you mean objective.penalties?
            recipe=nowhere.yaml                                            | nowhere.yaml: no such file
            """)
    void badInputIsOneClearProblem(String set, String named) {
        Path folder = temp.resolve("sweep");
        List<String> args = new ArrayList<>(List.of("--config", NANO.toString(), "--out", folder.toString(), "--set", "recipe="
                + CONFIGS.resolve("nano.yaml"), "--set", set));
        if (named.equals("OK")) {
            SweepRecipe.load(NANO, List.of("recipe=" + CONFIGS.resolve("nano.yaml"), set)).base(CONFIGS.resolve("nano.yaml"));
            return;
        }
        assertEquals(ExitCode.BAD_INPUT, execute(args.toArray(String[]::new)), err.toString());
        assertTrue(err.toString().contains(named), err.toString());
        assertEquals(1, err.toString().lines().count(), err.toString());
        assertFalse(Files.exists(folder));
        assertEquals("", out.toString());
    }

    @Test
    void aGridTooLargeToBeNumberedIsRefusedWithItsSize() {
        String range = "{key: train.%s, type: continuous, min: 0.1, max: 0.9}";
        List<String> keys = Stream.of("lr", "weightDecay", "clip", "ema", "dropout", "decay", "minLrRatio").map(range::formatted).toList();
        assertEquals(ExitCode.BAD_INPUT, execute("--config", NANO.toString(), "--out", temp.resolve("sweep").toString(), "--set", "search=grid", "--set", "points=1000", "--set",
                "space=[" + String.join(", ", keys) + "]"));
        assertTrue(err.toString().contains("has a grid of 1" + "0".repeat(21) + " points, more than can be gone through"), err.toString());
        // Whole numbers and lists have no more values than there are.
        SweepRecipe few = SweepRecipe.load(NANO, List.of("search=grid", "points=1000",
                "space=[{key: train.warmup, type: integer, min: 1, max: 3}, {key: train.batch, type: discrete, values: ['4', '8']}, {key: train.lr, type: continuous, min: 0.1, max: 0.9}]"));
        assertEquals(List.of(3L, 2L, 1000L), few.space().stream().map(key -> key.inGrid(few.points())).toList());
    }

    @Test
    void theRecipeIsFoundFromHereElseBesideTheSweep() throws IOException {
        Path folder = Files.createDirectories(temp.resolve("elsewhere"));
        Files.copy(CONFIGS.resolve("nano.yaml"), folder.resolve("mine.yaml"));
        Path sweep = Files.writeString(folder.resolve("sweep.yaml"), Files.readString(NANO).replace("recipe: configs/nano.yaml", "recipe: mine.yaml"));
        assertEquals(folder.resolve("mine.yaml"), SweepRecipe.load(sweep, List.of()).recipe());
        assertEquals(CONFIGS.resolve("nano.yaml"), SweepRecipe.load(sweep, List.of("recipe=" + CONFIGS.resolve("nano.yaml"))).recipe());
        assertEquals(Path.of("nowhere.yaml"), SweepRecipe.load(sweep, List.of("recipe=nowhere.yaml")).recipe());
    }

    @Test
    void aSweepWhoseRecipeWasChangedIsNotGoneOnWith() throws IOException {
        SweepRecipe sweep = SweepRecipe.load(NANO, List.of("recipe=" + CONFIGS.resolve("nano.yaml")));
        Path folder = temp.resolve("sweep");
        SweepFolder.create(folder, sweep).close();
        SweepFolder.resume(folder, Optional.of(sweep)).close();
        Path base = folder.resolve("base.yaml");
        String whole = Files.readString(base);
        Files.writeString(base, whole.replaceFirst("clip: [0-9.]+", "clip: 7.0"));
        assertEquals(ExitCode.BAD_INPUT, execute("--resume", "--out", folder.toString()));
        assertTrue(err.toString().contains(base + ": was changed since the sweep began") && err.toString().contains("train.clip is 1.0 there and 7.0 here"), err.toString());
        Files.writeString(base, whole);
        SweepFolder.resume(folder, Optional.empty()).close();
        Files.delete(folder.resolve("base.sha256"));
        assertThrows(InputException.class, () -> SweepFolder.resume(folder, Optional.empty()));
    }

    @Test
    void aLockThatIsAFolder() throws IOException {
        SweepRecipe sweep = SweepRecipe.load(NANO, List.of("recipe=" + CONFIGS.resolve("nano.yaml")));
        Path folder = temp.resolve("sweep");
        SweepFolder.create(folder, sweep).close();
        Files.delete(folder.resolve(".lock"));
        Files.createDirectory(folder.resolve(".lock"));
        assertEquals(ExitCode.BAD_INPUT, execute("--resume", "--out", folder.toString()));
        assertTrue(err.toString().contains(".lock: is a folder"), err.toString());
    }

    @Test
    void statusTellsWhatGoesOnAndBestWhatIsGone() throws IOException {
        SweepRecipe sweep = SweepRecipe.load(NANO, List.of("recipe=" + CONFIGS.resolve("nano.yaml"), "control=[]", "halving=null"));
        Path folder = temp.resolve("sweep");
        SweepFolder held = SweepFolder.create(folder, sweep);
        assertTrue(SweepState.of(folder).lines().get(0).endsWith("; goes on"), SweepState.of(folder).lines().get(0));
        assertTrue(SweepState.of(folder).lines().stream().anyMatch(line -> line.matches("default +– +the recipe as it is")), SweepState.of(folder).lines().toString());
        Path begun = Files.createDirectories(SweepFolder.run(folder, "default", 0));
        Files.writeString(begun.resolve("config.yaml"), "name: default");
        assertTrue(SweepState.of(folder).lines().contains("default        0 not measured yet, goes on  (the recipe as it is)"), SweepState.of(folder).lines().toString());
        // Its last line is being written.
        Files.writeString(begun.resolve("metrics.jsonl"), "{\"step\": 10}\n{\"step\": 20}\n{\"st");
        assertTrue(SweepState.of(folder).lines().contains("default       20 not measured yet, goes on  (the recipe as it is)"), SweepState.of(folder).lines().toString());
        held.close();
        assertTrue(SweepState.of(folder).lines().contains("default       20 cut short before it was measured  (the recipe as it is)"), SweepState.of(folder).lines().toString());
        assertTrue(SweepState.of(folder).lines().get(0).endsWith("; it was stopped or killed: go on with sweep --resume --out " + folder));
        try (Journal journal = Journal.open(folder)) {
            journal.propose(new Proposal(0, Map.of("train.lr", "0.01")));
            for (String run : List.of("000", "default")) {
                journal.record(run, 0, 60, new Measured(Optional.empty(), 1, run.equals("000") ? 0.75 : 0.5, 0.25, List.of(0.0, 0.75), List.of(1.0, 1.0)));
            }
        }
        assertTrue(SweepState.of(folder).lines().stream().anyMatch(line -> line.startsWith("000 ") && line.contains(" ≥0.7500 ")), String.join("\n", SweepState.of(folder).lines()));
        assertTrue(SweepState.of(folder).lines().stream().anyMatch(line -> line.startsWith("default ") && line.contains("  0.5000 ")));
        assertTrue(assertThrows(InputException.class, () -> SweepState.of(folder).best()).getMessage().contains("was removed; its values are lr 0.01"));
        Path run = Files.createDirectories(SweepFolder.run(folder, "000", 0));
        assertEquals(run, SweepState.of(folder).best());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --resume                          | expected --config FILE, the sweep
            --resume --out TEMP/no            | no: is no sweep's folder
            --set budget=3                    | name it with --config
            --workers -1                      | --workers: must be from 1 to 1000
            status TEMP                       | is no sweep's folder
            best TEMP                         | is no sweep's folder
            """)
    void wrongArgumentsAreToldApart(String args, String named) {
        assertEquals(ExitCode.BAD_INPUT, execute(args.replace("TEMP", temp.toString()).split(" ")), err.toString());
        assertTrue(err.toString().contains(named), err.toString());
    }

    @Test
    void aFolderIsOneSweeps() {
        SweepRecipe sweep = SweepRecipe.load(NANO, List.of("recipe=" + CONFIGS.resolve("nano.yaml")));
        Path folder = temp.resolve("sweep");
        SweepFolder held = SweepFolder.create(folder, sweep);
        assertEquals(ExitCode.BAD_INPUT, execute("--resume", "--out", folder.toString()));
        assertTrue(err.toString().contains("another sweep goes on there"), err.toString());
        held.close();
        assertTrue(assertThrows(InputException.class, () -> SweepFolder.create(folder, sweep)).getMessage().contains("--resume"));
        assertEquals(ExitCode.BAD_INPUT, execute("--resume", "--out", folder.toString(), "--config", NANO.toString(), "--set", "budget=7"));
        assertTrue(err.toString().contains("budget is 6 there and 7 here"), err.toString());
        err.getBuffer().setLength(0);
        assertEquals(ExitCode.DONE, execute("status", folder.toString()), err.toString());
        assertTrue(out.toString().startsWith("sweep-nano: 0 of at most 6 candidates proposed"), out.toString());
        assertEquals(ExitCode.BAD_INPUT, execute("best", folder.toString()));
        assertTrue(err.toString().contains("no candidate has been trained to the end"), err.toString());
    }
}
