package org.lacuna.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.lacuna.eval.store.ResultStore;
import org.lacuna.run.ExitCode;
import org.lacuna.run.folder.Json;

/**
 * Kills {@code eval} again and again, as {@code kill -9} does, each at a random millisecond, and goes on in the same store; what comes out is
 * what an undisturbed run gives. Beside other tests: it mostly waits for processes.
 */
@Timeout(900)
@Execution(ExecutionMode.CONCURRENT)
class EvalKillTest {
    /** {@code -Dlacuna.kills=50} for a long check by hand. */
    private static final int KILLS = Integer.getInteger("lacuna.kills", 3);

    @TempDir
    private static Path shared;
    private static Path run;
    /** What a run found that nothing disturbed, and how long it took. */
    private static String expected;
    private static long millis;

    @TempDir
    private Path temp;

    @BeforeAll
    static void undisturbed() throws IOException, InterruptedException {
        run = shared.resolve("run");
        Path log = shared.resolve("log");
        finish(lacuna(log, "train", "--config", "../../configs/nano.yaml", "--out", run.toString(), "--set", "train.steps=2", "--set", "train.warmup=0"), log);
        long before = System.nanoTime();
        finish(eval(shared.resolve("undisturbed"), shared.resolve("undisturbed.json"), log), log);
        millis = (System.nanoTime() - before) / 1_000_000;
        expected = measured(shared.resolve("undisturbed.json"));
    }

    private static Process lacuna(Path log, String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules", "jdk.incubator.vector", "-Xmx256m",
                "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Dorg.bytedeco.javacpp.maxbytes=0", "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
                "-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    }

    private static Process eval(Path store, Path out, Path log) throws IOException {
        return lacuna(log, "eval", "--run", run.toString(), "--windows", "73", "--window", "32", "--store", store.toString(), "--out", out.toString());
    }

    private Process eval(Path store, Path out) throws IOException {
        return eval(store, out, temp.resolve("log"));
    }

    private static void finish(Process process, Path log) throws IOException, InterruptedException {
        assertTrue(process.waitFor(120, TimeUnit.SECONDS));
        assertEquals(ExitCode.DONE, process.exitValue(), Files.readString(log));
    }

    private void finish(Process process) throws IOException, InterruptedException {
        finish(process, temp.resolve("log"));
    }

    /** All of a result but when it was made. */
    private static String measured(Path file) {
        ObjectNode result = (ObjectNode) Json.read(file);
        assertTrue(result.has("curves") && result.has("dense"));
        result.remove("provenance");
        return Json.line(result);
    }

    @Test
    void noMomentChangesAByte() throws IOException, InterruptedException {
        Random random = new Random(1);
        int killed = 0;
        int goneOn = 0;
        for (int store = 0; killed < KILLS; store++) {
            Path folder = temp.resolve("store" + store);
            Path result = temp.resolve("result" + store + ".json");
            int ofThis = 0;
            Process process = eval(folder, result);
            while (killed < KILLS && ofThis < 3 && !diedBy(process, folder.resolve(ResultStore.FILE), killed % 2 == 0, random.nextLong(killed % 2 == 0 ? millis / 4 : millis))) {
                process.destroyForcibly().waitFor();
                killed++;
                ofThis++;
                goneOn += Files.exists(folder.resolve(ResultStore.FILE)) && Files.size(folder.resolve(ResultStore.FILE)) > 0 ? 1 : 0;
                process = eval(folder, result);
            }
            finish(process);
            assertEquals(expected, measured(result));
        }
        assertTrue(goneOn > 0, "no kill left anything to go on from");
    }

    /** Whether it ended by itself before the moment at which it is to be killed: a time from its start, or from its first finding. */
    private static boolean diedBy(Process process, Path findings, boolean fromFirstFinding, long millis) throws IOException, InterruptedException {
        long before = Files.exists(findings) ? Files.size(findings) : 0;
        while (fromFirstFinding && process.isAlive() && (!Files.exists(findings) || Files.size(findings) == before)) {
            Thread.sleep(1);
        }
        return process.waitFor(millis, TimeUnit.MILLISECONDS);
    }

    @Test
    void twoOnOneStoreFindTheSame() throws IOException, InterruptedException {
        Path store = temp.resolve("shared");
        Process one = eval(store, temp.resolve("one.json"));
        Process two = eval(store, temp.resolve("two.json"));
        finish(one);
        finish(two);
        assertEquals(expected, measured(temp.resolve("one.json")));
        assertEquals(expected, measured(temp.resolve("two.json")));
        long size = Files.size(store.resolve(ResultStore.FILE));
        finish(eval(store, temp.resolve("three.json")));
        assertEquals(size, Files.size(store.resolve(ResultStore.FILE)), "nothing is computed that is there");
        assertEquals(expected, measured(temp.resolve("three.json")));
    }
}
