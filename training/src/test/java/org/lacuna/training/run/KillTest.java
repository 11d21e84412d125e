package org.lacuna.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.ExitCode;
import org.lacuna.run.folder.FileOutput;

/**
 * Kills a run again and again, as {@code kill -9} does, and goes on with it each time. Checkpoints come every 5 steps and
 * are written slowly, so that about half of the kills meet one being written; every start but the first is a resume.
 */
@Timeout(600)
class KillTest {
    private static final int KILLS = 30;
    private static final String LAST = "step-000060";

    /** Twelve checkpoints of some 300 kB take 2.5 seconds. */
    private static final List<String> SLOW = List.of("-D" + FileOutput.BYTES_PER_SECOND + "=1500000");

    @TempDir
    private Path temp;

    private Process start(Path folder) throws IOException {
        return NanoProcess.start(temp.resolve("log"), List.of(), SLOW,
                List.of(RunFiles.NANO.toString(), folder.toString(), "0", "train.saveEvery=5", "train.workers=1"));
    }

    private void awaitBeginning(Process process) throws IOException, InterruptedException {
        while (process.isAlive() && !Files.readString(temp.resolve("log")).contains(NanoProcess.BEGINS)) {
            Thread.sleep(1);
        }
    }

    @Test
    void noMomentIsFatal() throws IOException, InterruptedException {
        Path undisturbed = temp.resolve("undisturbed");
        Process process = start(undisturbed);
        awaitBeginning(process);
        long before = System.nanoTime();
        assertTrue(process.waitFor(120, TimeUnit.SECONDS));
        long millis = (System.nanoTime() - before) / 1_000_000;
        assertEquals(ExitCode.DONE, process.exitValue(), Files.readString(temp.resolve("log")));

        Random random = new Random(20);
        int round = 0;
        int killed = 0;
        int whileWriting = 0;
        int whileTraining = 0;
        Path folder = temp.resolve("round-0");
        while (killed < KILLS || Files.exists(folder)) {
            process = start(folder);
            if (killed < KILLS) {
                awaitBeginning(process);
                process.waitFor(random.nextLong(millis), TimeUnit.MILLISECONDS);
            }
            boolean kill = killed < KILLS && process.isAlive();
            if (kill) {
                process.destroyForcibly();
                killed++;
            }
            assertTrue(process.waitFor(120, TimeUnit.SECONDS));
            if (kill && process.exitValue() != ExitCode.DONE) {
                whileWriting += leftovers(folder) ? 1 : 0;
                whileTraining += leftovers(folder) ? 0 : 1;
            } else {
                assertEquals(ExitCode.DONE, process.exitValue(), Files.readString(temp.resolve("log")));
                RunFiles.assertSame(undisturbed, folder, LAST);
                assertEquals(RunFiles.list(undisturbed), RunFiles.list(folder));
                folder = temp.resolve("round-" + ++round);
            }
        }
        assertTrue(whileWriting >= 3 && whileTraining >= 3, whileWriting + " kills met a file being written, " + whileTraining + " did not");
    }

    private static boolean leftovers(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return false;
        }
        try (Stream<Path> tree = Files.walk(folder)) {
            return tree.anyMatch(p -> p.getFileName().toString().startsWith(".tmp-"));
        }
    }
}
