package org.lacuna.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.ExitCode;

/**
 * The command {@code train} where the disk takes no more: the operating system lets no file grow beyond 160 KB, whoever asks.
 * That is less than the optimizer's file has, and enough for the native library that JNA unpacks.
 */
@Timeout(180)
class FullDiskTest {
    @TempDir
    private Path temp;

    private static int train(StringWriter err, String... args) {
        return Main.execute(Main.commandLine(new PrintWriter(new StringWriter()), new PrintWriter(err)), args);
    }

    private static List<Path> tree(Path folder) throws IOException {
        try (Stream<Path> tree = Files.walk(folder)) {
            return tree.sorted(Comparator.reverseOrder()).toList();
        }
    }

    @Test
    void failsInOneLineAndGoesOnFromTheLastCheckpointLater() throws IOException, InterruptedException {
        Path run = temp.resolve("run");
        StringWriter err = new StringWriter();
        assertEquals(ExitCode.DONE, train(err, "train", "--config", "../../configs/nano.yaml", "--out", run.toString()), err::toString);
        Path last = run.resolve("checkpoints/step-000060/optimizer.safetensors");
        byte[] undisturbed = Files.readAllBytes(last);
        for (String later : List.of("step-000040", "step-000060")) {
            for (Path path : tree(run.resolve("checkpoints").resolve(later))) {
                Files.delete(path);
            }
        }
        List<Path> before = tree(run);

        Path log = temp.resolve("log");
        Process process = new ProcessBuilder("bash", "-c", "ulimit -f 160; exec \"$@\"", "limited",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules", "jdk.incubator.vector", "-Xmx256m",
                "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Dorg.bytedeco.javacpp.maxbytes=0", "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
                "-cp", System.getProperty("java.class.path"), Main.class.getName(), "train", "--resume", "--out", run.toString())
                .redirectError(log.toFile()).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        assertTrue(process.waitFor(120, TimeUnit.SECONDS));
        List<String> lines = Files.readAllLines(log).stream().filter(line -> !line.startsWith("WARNING: Using incubator")).toList();
        assertEquals(ExitCode.FAILED, process.exitValue(), lines::toString);
        assertEquals(1, lines.size(), lines::toString);
        assertTrue(lines.get(0).startsWith("lacuna train: " + run.resolve("checkpoints/step-000040") + ": can't be written: File too large. "
                + "The latest checkpoint is intact: " + run.resolve("checkpoints/step-000020") + "; "), lines::toString);
        // Each process has an event file of its own; nothing else is new, and nothing is gone.
        List<Path> after = tree(run).stream().filter(path -> before.contains(path) || !path.getFileName().toString().startsWith("events.out.tfevents.")).toList();
        assertEquals(before, after);

        assertEquals(ExitCode.DONE, train(err, "train", "--resume", "--out", run.toString()), err::toString);
        assertArrayEquals(undisturbed, Files.readAllBytes(last));
        assertEquals("", err.toString());
    }
}
