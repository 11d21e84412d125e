package org.lacuna.training.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.run.InputException;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.RunException;
import org.lacuna.run.recipe.Recipes;

/** The search itself, over runs whose figures are a formula instead of a training. Beside other tests: it mostly waits, a second at each search's end. */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
class SweepTest {
    private static final Path NANO = Path.of("..", "configs", "nano.yaml");
    private static final String RANGES = "[{key: train.lr, type: log-uniform, min: 1e-4, max: 1}, {key: train.weightDecay, type: continuous, min: 0, max: 1}]";

    @TempDir
    private Path temp;

    private static SweepRecipe recipe(String search, int budget, String space, String... sets) {
        return Recipes.parse("sweep", "name: s\nrecipe: " + NANO + "\ncontrol: ['objective.penalties=[]']\nsearch: " + search + "\nbudget: " + budget
                + "\nspace: " + space + "\n",
                List.of(sets), SweepRecipe.class);
    }

    private static Measured measured(double loss, double critical) {
        return new Measured(Optional.empty(), loss, critical, critical / 2, List.of(0.0, critical), List.of(loss, 2 * loss));
    }

    /** What a candidate's --set are. */
    private static Map<String, String> values(List<String> sets) {
        Map<String, String> values = new HashMap<>();
        sets.forEach(set -> values.put(set.substring(0, set.indexOf('=')), set.substring(set.indexOf('=') + 1)));
        return values;
    }

    /** Best at lr = 10⁻², weightDecay = 0.3. */
    private static double peak(Map<String, String> values) {
        double x = (Math.log10(Double.parseDouble(values.getOrDefault("train.lr", "1"))) + 2) / 4;
        double y = Double.parseDouble(values.getOrDefault("train.weightDecay", "1")) - 0.3;
        return Math.exp(-4 * (x * x + y * y));
    }

    private static Runs formula() {
        return (run, sets, seed, step) -> measured(1, peak(values(sets)));
    }

    private void run(Path folder, SweepRecipe recipe, Runs runs, int workers, int stopAfter) throws InterruptedException {
        AtomicInteger left = new AtomicInteger(stopAfter);
        try (Journal journal = Journal.open(folder)) {
            Runs counted = (run, sets, seed, step) -> {
                Measured found = runs.to(run, sets, seed, step);
                left.decrementAndGet();
                return found;
            };
            new Sweep(folder, recipe, recipe.base(NANO), journal, counted, workers, () -> left.get() <= 0,
                    new SweepProgress(new PrintWriter(new StringWriter()), "s")).run();
        }
    }

    private List<String> run(String name, SweepRecipe recipe, Runs runs, int workers) throws InterruptedException, IOException {
        Path folder = Files.createDirectories(temp.resolve(name));
        run(folder, recipe, runs, workers, Integer.MAX_VALUE);
        return lines(folder);
    }

    /** All that was found out, in an order that does not depend on what ended first. */
    private static List<String> lines(Path folder) throws IOException {
        return Files.readAllLines(folder.resolve(Journal.FILE)).stream().sorted().toList();
    }

    private static List<Map<String, String>> proposals(Path folder) {
        try (Journal journal = Journal.read(folder)) {
            return journal.proposals().stream().map(Proposal::values).toList();
        }
    }

    /** A random point is in this region with a probability of 0.12: the optimum's value is 1, the region's edge 0.85. */
    @ParameterizedTest
    @CsvSource({"random,60,0.85", "grid,49,0.9", "genetic,64,0.95"})
    void eachSearchComesNearTheOptimum(String search, int budget, double least) throws InterruptedException, IOException {
        run(search, recipe(search, budget, RANGES, "points=7", "population=8"), formula(), 4);
        List<Map<String, String>> tried = proposals(temp.resolve(search));
        assertEquals(budget, tried.size());
        assertEquals(budget, new HashSet<>(tried).size(), "each candidate is another one");
        double best = tried.stream().mapToDouble(SweepTest::peak).max().orElseThrow();
        assertTrue(best >= least, search + " found " + best);
        if (search.equals("genetic")) {
            double first = tried.subList(0, 8).stream().mapToDouble(SweepTest::peak).average().orElseThrow();
            double last = tried.subList(56, 64).stream().mapToDouble(SweepTest::peak).average().orElseThrow();
            assertTrue(last > first + 0.1, "generations learn: " + first + " then " + last);
        }
    }

    @Test
    void aGridSmallerThanTheBudgetEndsWithIt() throws InterruptedException, IOException {
        String space = "[{key: model.activation, type: discrete, values: [relu, silu]}, {key: train.warmup, type: integer, min: 1, max: 3}]";
        run("grid", recipe("grid", 20, space), formula(), 2);
        assertEquals(6, new HashSet<>(proposals(temp.resolve("grid"))).size());
        assertEquals(6, proposals(temp.resolve("grid")).size());
        // A space of six has no seventh candidate for chance either, nor for a generation.
        run("random", recipe("random", 20, space), formula(), 2);
        assertEquals(6, proposals(temp.resolve("random")).size());
        run("constant", recipe("grid", 20,
                "[{key: model.activation, type: discrete, values: [silu]}, {key: train.warmup, type: integer, min: 1, max: 3}]"), formula(), 2);
        assertEquals(List.of("1", "2", "3"), proposals(temp.resolve("constant")).stream().map(values -> values.get("train.warmup")).toList());
    }

    @Test
    void theBudgetIsRunExactly() throws InterruptedException, IOException {
        for (String search : List.of("random", "genetic")) {
            Map<String, Integer> trained = Collections.synchronizedMap(new HashMap<>());
            run(search, recipe(search, 20, RANGES), (run, sets, seed, step) -> {
                trained.merge(run, 1, Integer::sum);
                return measured(1, peak(values(sets)));
            }, 3);
            assertEquals(22, trained.size(), "and the control and the recipe");
            assertEquals(22, trained.values().stream().mapToInt(Integer::intValue).sum());
        }
    }

    @Test
    void aConditionalKeyIsThereWhereItsConditionHolds() throws InterruptedException, IOException {
        String space = "[{key: model.activation, type: discrete, values: [relu, silu]}, {key: objective.penalties.0.lambda, type: log-uniform, min: 1e-4, max: 1e-2,"
                + " when: {key: model.activation, in: [relu]}}]";
        run("grid", recipe("grid", 20, space), formula(), 2);
        assertEquals(List.of("1.0E-4", "0.001", "0.01"), proposals(temp.resolve("grid")).stream().filter(values -> values.get("model.activation")
                .equals("relu"))
                .map(values -> values.get("objective.penalties.0.lambda")).toList());
        assertEquals(List.of(Map.of("model.activation", "silu")), proposals(temp.resolve("grid")).stream()
                .filter(values -> values.get("model.activation").equals("silu")).toList());
    }

    /** Runs that are measured in another order each time. */
    private static Runs uneven(long seed) {
        return (run, sets, repetition, step) -> {
            Thread.sleep(Math.floorMod(new Random(seed * 31 + run.hashCode() + step).nextInt(), 12));
            return run.equals("005") && step > 20 ? Measured.failure("as was to be") : measured(3 - step / 60.0,
                    peak(values(sets)) * (1 - repetition / 10.0));
        };
    }

    @ParameterizedTest
    @CsvSource({"random", "grid", "genetic"})
    void workersAndInterruptionsChangeNothing(String search) throws InterruptedException, IOException {
        SweepRecipe recipe = recipe(search, 18, RANGES, "points=4", "population=6", "repeat=2", "halving={rungs: [10, 20, 40], eta: 2}");
        List<String> alone = run("alone", recipe, uneven(1), 1);
        assertEquals(alone, run("many", recipe, uneven(2), 7));
        Path folder = Files.createDirectories(temp.resolve("interrupted"));
        Random random = new Random(3);
        int stops = 0;
        for (boolean ended = false; !ended;) {
            try {
                run(folder, recipe, uneven(random.nextLong()), 1 + random.nextInt(5), 30 + random.nextInt(30));
                ended = true;
            } catch (InterruptedRunException e) {
                stops++;
                // A line that a kill cut off.
                Files.writeString(folder.resolve(Journal.FILE), "{\"step\":10,\"run\":\"00", StandardOpenOption.APPEND);
            }
        }
        assertTrue(stops > 0);
        assertEquals(alone, lines(folder));
    }

    @Test
    void theBetterHalfGoesOnAndAFailedOneNever() throws InterruptedException, IOException {
        SweepRecipe recipe = recipe("random", 8, RANGES, "halving={rungs: [10, 20], eta: 2}");
        // 7 is best and fails; loss of 6 is above the control's + 2 %, that of 5 just within.
        Runs runs = (run, sets, seed, step) -> switch (run) {
            case "control" -> measured(1, 0.2);
            case "default" -> measured(1, 0.1);
            case "007" -> Measured.failure("out of memory");
            case "006" -> measured(1.021, 0.9);
            case "005" -> measured(1.02, 0.8);
            default -> measured(0.9, Integer.parseInt(run) / 10.0);
        };
        run("halved", recipe, runs, 3);
        try (Journal journal = Journal.read(temp.resolve("halved"))) {
            assertEquals(List.of(2, 3, 4, 5), IntStream.range(0, 8).filter(i -> journal.result(Proposal.name(i), 0, 20).isPresent()).boxed()
                    .toList());
            assertEquals(List.of(4, 5), IntStream.range(0, 8).filter(i -> journal.result(Proposal.name(i), 0, 60).isPresent()).boxed().toList());
            assertEquals(Optional.of("out of memory"), journal.result("007", 0, 10).orElseThrow().failed());
        }
    }

    @Test
    void theScoreIsTheShareWithinTheSlackAndTheLossBeyond() {
        StatedScore score = new StatedScore(recipe("random", 1, RANGES).score());
        Measured control = measured(2, 0.5);
        assertEquals(0.7, score.of(measured(2.04, 0.7), control));
        assertEquals(-1.05, score.of(measured(2.1, 0.99), control), 1e-12);
        assertEquals(-100, score.of(measured(Double.NaN, 0.99), control));
        // One that went on to a later rung is before all that did not.
        assertTrue(score.score(new StatedScore.Reached(measured(9, 0), control, 0), null, new Properties())
                > score.score(new StatedScore.Reached(measured(1, 1), control, 1), null, new Properties()));
    }

    @Test
    void ofEqualScoresTheLowerLossIsFirst() {
        assertEquals(List.of(new Rank(0.9, 2), new Rank(0.8, 1), new Rank(0.8, 3), new Rank(-1.1, 1)),
                Stream.of(new Rank(0.8, 3), new Rank(-1.1, 1), new Rank(0.9, 2), new Rank(0.8, 1)).sorted().toList());
    }

    @Test
    void importanceIsThatOfTheRanks() {
        SearchKey number = new SearchKey("x", KeyKind.CONTINUOUS, Optional.of(0.0), Optional.of(9.0), List.of(), Optional.empty());
        SearchKey group = new SearchKey("g", KeyKind.DISCRETE, Optional.empty(), Optional.empty(), List.of("a", "b"), Optional.empty());
        List<Importance> found = Importance.of(List.of(number, group), List.of(Map.of("x", "1", "g", "a"), Map.of("x", "2", "g", "a"), Map.of("x",
                "3", "g", "b"), Map.of("x", "4", "g", "b")),
                List.of(0.1, 0.2, 0.9, 0.5));
        // Ranks 1 2 4 3: Σd² = 2, 1 − 6·2/(4·15) = 0.8. Group means 1.5 and 3.5 around 2.5: 4 of Σ = 5.
        assertEquals(List.of(new Importance("x", "rank correlation", 0.8, 4), new Importance("g", "η² of ranks", 0.8, 4)),
                found.stream().map(i -> new Importance(i.key(), i.measure(), Math.round(i.value() * 1e9) / 1e9, i.candidates())).toList());
    }

    @Test
    void aFailedControlAndAFullDiskEndTheSweep() throws IOException {
        Path folder = Files.createDirectories(temp.resolve("control"));
        RunException failed = assertThrows(RunException.class, () -> run(folder, recipe("random", 4, RANGES), (run, sets, seed,
                step) -> Measured.failure("no memory"), 2, 99));
        assertTrue(failed.getMessage().contains("the control failed") && failed.getMessage().contains("no memory"), failed.getMessage());
        Path full = Files.createDirectories(temp.resolve("full"));
        RunException disk = assertThrows(RunException.class, () -> run(full, recipe("random", 4, RANGES), (run, sets, seed, step) -> {
            if (run.equals("002")) {
                throw new RunException("no space left");
            }
            return measured(1, 0.5);
        }, 2, 99));
        assertEquals("no space left", disk.getMessage());
    }

    @Test
    void aJournalOfAnotherSearchIsRefused() throws InterruptedException, IOException {
        run("other", recipe("random", 4, RANGES), formula(), 2);
        InputException refused = assertThrows(InputException.class, () -> run(temp.resolve("other"), recipe("random", 4, RANGES, "seed=2"), formula(),
                2, 99));
        assertTrue(refused.getMessage().contains("candidate 0 is "), refused.getMessage());
        List<String> lines = new ArrayList<>(Files.readAllLines(temp.resolve("other").resolve(Journal.FILE)));
        lines.add("{\"step\":1}");
        Files.write(temp.resolve("other").resolve(Journal.FILE), lines);
        assertThrows(InputException.class, () -> Journal.read(temp.resolve("other")));
    }

    /** What nobody's run found is not taken for a result. */
    @Test
    void aJournalWithDamagedFiguresIsRefused() throws IOException {
        String whole = "{\"step\":1,\"run\":\"000\",\"seed\":1,\"loss\":2.5,\"critical\":0.5,\"zeros\":0.25,\"curve\":{\"sparsity\":[0.5],\"loss\":[2.5]}}";
        Path folder = Files.createDirectories(temp.resolve("damaged"));
        Files.writeString(folder.resolve(Journal.FILE), whole + "\n");
        assertEquals(0.5, Journal.read(folder).result("000", 1, 1).orElseThrow().critical());
        for (String damaged : List.of(whole.replace("0.5,\"zeros", "9e99,\"zeros"), whole.replace("\"loss\":2.5,\"cri", "\"loss\":\"x\",\"cri"), whole.replace("\"loss\":2.5,", ""),
                whole.replace("0.25", "-1"), whole.replace("[0.5]", "[0.5,1]"), whole.replace("\"loss\":2.5,\"cri", "\"failed\":{},\"cri"),
                "{\"step\":0,\"candidate\":-7,\"values\":{}}")) {
            Files.writeString(folder.resolve(Journal.FILE), damaged + "\n");
            assertTrue(assertThrows(InputException.class, () -> Journal.read(folder), damaged).getMessage().contains(Journal.FILE));
        }
        Files.delete(folder.resolve(Journal.FILE));
        Files.createDirectories(folder.resolve(Journal.FILE));
        assertTrue(assertThrows(InputException.class, () -> Journal.read(folder)).getMessage().contains("is a folder"));
    }
}
