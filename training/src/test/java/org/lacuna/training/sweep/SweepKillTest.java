package org.lacuna.training.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.ExitCode;
import org.lacuna.run.InterruptedRunException;
import org.lacuna.run.folder.Json;
import org.lacuna.run.folder.RunFolder;
import org.lacuna.training.command.SweepCommand;
import org.lacuna.training.recipe.TrainRecipe;
import picocli.CommandLine;

/**
 * A sweep as users run it, with its runs' own processes: killed again and again, itself or one of its runs, each at a random millisecond, and
 * resumed. It ends in the candidates and figures of one that nobody disturbed.
 */
@Timeout(600)
class SweepKillTest {
    /** {@code -Dlacuna.kills=30} for a long check by hand. */
    private static final int KILLS = Math.min(Integer.getInteger("lacuna.kills", 2), 1000);
    private static final Path CONFIGS = Path.of("..", "configs");

    /** The nano sweep made tinier: every process takes seconds to start. */
    private static final List<String> TINY = List.of("recipe=" + CONFIGS.resolve("nano.yaml"), "windows=3", "budget=2", "control=[]",
            "halving={rungs: [10], eta: 2}",
            "overrides=[model.hidden=16, model.intermediate=16, model.layers=1, model.heads=2, model.kvHeads=1, train.batch=4, train.window=8, train.evalWindows=3, data.tokens=2000,"
                    + " train.steps=30, train.saveEvery=5]",
            "space=[{key: train.lr, type: log-uniform, min: 1e-3, max: 1e-2}, {key: train.clip, type: discrete, values: ['1', '0.5']}]");

    @TempDir
    private Path temp;

    /** The command, in a JVM of its own. */
    public static void main(String[] args) {
        CommandLine command = new CommandLine(new SweepCommand()).setOut(new PrintWriter(System.out, true)).setErr(new PrintWriter(System.err, true));
        command.setExecutionExceptionHandler((failure, line, parsed) -> {
            line.getErr().println(failure.getMessage());
            return ExitCode.of(failure);
        });
        System.exit(command.execute(args));
    }

    private Process start(Path folder, Path log, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules",
                "jdk.incubator.vector", "-Xmx256m", "-XX:+UseSerialGC",
                "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-Dorg.bytedeco.javacpp.maxbytes=0", "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
                        "-cp", System.getProperty("java.class.path"),
                SweepKillTest.class.getName(), "--config", CONFIGS.resolve("sweeps").resolve("nano.yaml").toString(), "--out", folder.toString(),
                        "--resume", "--workers", "2"));
        TINY.forEach(set -> command.addAll(List.of("--set", set)));
        command.addAll(List.of(more));
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile())).start();
    }

    private static List<String> lines(Path folder) throws IOException {
        return Files.readAllLines(folder.resolve(Journal.FILE)).stream().sorted().toList();
    }

    @Test
    void noMomentIsFatal() throws IOException, InterruptedException {
        Path undisturbed = temp.resolve("undisturbed");
        Path log = temp.resolve("undisturbed.log");
        long before = System.nanoTime();
        Process process = start(undisturbed, log);
        // One that begins beside it is refused.
        while (process.isAlive() && !Files.exists(undisturbed.resolve(Journal.FILE))) {
            Thread.sleep(5);
        }
        Path second = temp.resolve("second.log");
        Process other = start(undisturbed, second);
        assertTrue(other.waitFor(120, TimeUnit.SECONDS));
        assertEquals(ExitCode.BAD_INPUT, other.exitValue(), Files.readString(second));
        assertTrue(Files.readString(second).contains("another sweep goes on there"), Files.readString(second));
        assertTrue(process.waitFor(300, TimeUnit.SECONDS));
        long millis = (System.nanoTime() - before) / 1_000_000;
        assertEquals(ExitCode.DONE, process.exitValue(), Files.readString(log));
        // Two candidates are proposed; the recipe as it is, to both rungs; both candidates to the first, one to the last.
        assertEquals(2 + 2 + 2 + 1, lines(undisturbed).size());
        report(undisturbed);

        Path folder = temp.resolve("killed");
        Path killedLog = temp.resolve("killed.log");
        Random random = new Random(7);
        int killed = 0;
        while (killed < KILLS) {
            Process sweep = start(folder, killedLog);
            if (!sweep.waitFor(random.nextLong(Math.max(1, millis)), TimeUnit.MILLISECONDS)) {
                List<ProcessHandle> runs = sweep.descendants().toList();
                if (killed % 2 == 1 && !runs.isEmpty()) {
                    runs.get(random.nextInt(runs.size())).destroyForcibly();
                    Thread.sleep(random.nextInt(1000));
                }
                killed++;
                sweep.destroyForcibly();
            }
            assertTrue(sweep.waitFor(120, TimeUnit.SECONDS));
            if (sweep.exitValue() == ExitCode.DONE) {
                assertEquals(lines(undisturbed), lines(folder));
                folder = temp.resolve("killed-" + killed);
            }
        }
        Process last = start(folder, killedLog);
        assertTrue(last.waitFor(300, TimeUnit.SECONDS));
        assertEquals(ExitCode.DONE, last.exitValue(), Files.readString(killedLog));
        assertEquals(lines(undisturbed), lines(folder));
        JsonNode expected = Json.read(undisturbed.resolve("report.json"));
        JsonNode found = Json.read(folder.resolve("report.json"));
        for (String part : List.of("candidates", "references", "ranked", "pareto", "importance", "best")) {
            assertEquals(expected.path(part).toString().replace("killed", "undisturbed"), found.path(part).toString(), part);
        }
    }

    @Test
    void whatEndsAProcessIsTheCandidatesFailure() throws InterruptedException {
        SweepRecipe recipe = SweepRecipe.load(CONFIGS.resolve("sweeps").resolve("nano.yaml"), TINY);
        Path sweep = temp.resolve("sweep");
        SweepFolder.create(sweep, recipe).close();
        Runs runs = new ForkedRuns(sweep, recipe, TrainRecipe.load(SweepFolder.base(sweep), List.of()), 1, () -> false);
        Optional<String> failed = runs.to("000", List.of("data.text=" + temp.resolve("nowhere.txt")), 0, 10).failed();
        assertTrue(failed.orElseThrow().contains("nowhere.txt: no such file"), failed.toString());
        failed = runs.to("001", List.of("train.batch=3"), 0, 10).failed();
        assertTrue(failed.orElseThrow().contains("the recipe is wrong: ") && failed.get().contains("train.batch"), failed.toString());
    }

    @Test
    void aRunSavesWhenTheSweepIsStopped() {
        SweepRecipe recipe = SweepRecipe.load(CONFIGS.resolve("sweeps").resolve("nano.yaml"), TINY);
        Path sweep = temp.resolve("sweep");
        SweepFolder.create(sweep, recipe).close();
        Path run = SweepFolder.run(sweep, "000", 0);
        Runs runs = new ForkedRuns(sweep, recipe, TrainRecipe.load(SweepFolder.base(sweep), List.of()), 1, () -> Files.exists(run.resolve("metrics.jsonl")));
        assertThrows(InterruptedRunException.class, () -> runs.to("000", List.of("train.steps=100000", "train.saveEvery=0", "train.evalEvery=0"), 0, 100000));
        assertTrue(RunFolder.latestCheckpoint(run).isPresent(), "saved where it was");
    }

    private static void report(Path folder) throws IOException {
        JsonNode report = Json.read(folder.resolve("report.json"));
        assertEquals(2, report.path("candidates").size());
        assertEquals(1, report.path("ranked").size());
        assertTrue(report.at("/pareto/critical").size() >= 1 && report.at("/pareto/zeros").size() >= 1, report.path("pareto").toString());
        assertEquals(0, report.path("importance").size(), "two candidates tell nothing of a key");
        JsonNode loss = report.at("/best/againstDefault/loss");
        assertTrue(loss.path("low").asDouble() <= loss.path("ratio").asDouble() && loss.path("ratio").asDouble() <= loss.path("high").asDouble(),
                report.path("best").toString());
        String page = Files.readString(folder.resolve("report.html"));
        assertTrue(page.contains("front-critical") && page.contains("id=\"importance\"") && page.contains("train.lr"));
        Path best = SweepState.of(folder).best();
        assertEquals(report.at("/best/run").asText(), best.getParent().getFileName().toString());
        try (Stream<String> status = SweepState.of(folder).lines().stream()) {
            List<String> lines = status.toList();
            assertTrue(lines.get(0).startsWith("sweep-nano: 2 of at most 2 candidates proposed, 1 trained to the end, 0 failed; ended"),
                    lines.get(0));
            assertEquals(3 + 1 + 2, lines.size());
        }
        assertTrue(Files.isRegularFile(folder.resolve("compare").resolve("report.html")));
        StringWriter told = new StringWriter();
        CommandLine command = new CommandLine(new SweepCommand()).setOut(new PrintWriter(told));
        assertEquals(ExitCode.DONE, command.execute("best", folder.toString(), "--publish", "org.example:tiny:1.0", "--repository", "there", "--license", "MIT"));
        assertEquals(best + " org.example:tiny:1.0 there [license=MIT]" + System.lineSeparator(), told.toString());
    }
}
