package org.lacuna.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.ExitCode;
import org.lacuna.run.folder.FileOutput;

/**
 * Kills runs again and again, as {@code kill -9} does, each at a random millisecond, and goes on with each. Checkpoints
 * come every 5 steps, are written slowly and removed again, so that many a kill meets one being written; every start but a run's first is
 * a resume. A run that reaches its end must have the bytes of one that nobody disturbed; then another one begins.
 */
@Timeout(600)
class KillTest {
    /** {@code -Dlacuna.kills=100} for a long check by hand. */
    private static final int KILLS = Integer.getInteger("lacuna.kills", 20);
    private static final int LANES = 2;
    private static final String LAST = "step-000060";

    /** Fourteen checkpoints of some 110 kB each take 1.9 seconds. Steps 26 and 27 are taken twice. */
    private static final List<String> JVM = List.of("-D" + FileOutput.BYTES_PER_SECOND + "=800000", "-D" + NanoProcess.POISON + "=27");

    @TempDir
    private Path temp;

    private final AtomicInteger whileWriting = new AtomicInteger();
    private final AtomicInteger whileNotWriting = new AtomicInteger();

    private Process start(Path folder, Path log) throws IOException {
        List<String> args = new ArrayList<>(List.of(RunFiles.NANO.toString(), folder.toString(), "0", "train.saveEvery=5", "train.workers=1"));
        args.addAll(RunFiles.CAREFUL);
        return NanoProcess.start(log, List.of(), JVM, args);
    }

    private static void awaitBeginning(Process process, Path log) throws IOException, InterruptedException {
        while (process.isAlive() && !Files.readString(log).contains(NanoProcess.BEGINS)) {
            Thread.sleep(1);
        }
    }

    @Test
    void noMomentIsFatal() throws IOException, InterruptedException, ExecutionException {
        Path undisturbed = temp.resolve("undisturbed");
        Path log = temp.resolve("undisturbed.log");
        Process process = start(undisturbed, log);
        awaitBeginning(process, log);
        long before = System.nanoTime();
        assertTrue(process.waitFor(120, TimeUnit.SECONDS));
        long millis = (System.nanoTime() - before) / 1_000_000;
        assertEquals(ExitCode.DONE, process.exitValue(), Files.readString(log));

        ExecutorService pool = Executors.newFixedThreadPool(LANES);
        try {
            List<Future<Integer>> lanes = new ArrayList<>();
            for (int i = 0; i < LANES; i++) {
                int lane = i;
                lanes.add(pool.submit(() -> kill(lane, millis, undisturbed)));
            }
            int completed = 0;
            for (Future<Integer> lane : lanes) {
                completed += lane.get();
            }
            assertTrue(completed >= LANES, "runs compared");
        } finally {
            pool.shutdownNow();
        }
        assertEquals(KILLS, whileWriting.get() + whileNotWriting.get());
        assertTrue(whileWriting.get() >= 3 && whileNotWriting.get() >= 3,
                whileWriting + " kills met a file being written, " + whileNotWriting + " did not");
    }

    /** Kills until the lane's share is done, then lets the last run end; returns how many runs reached their end. */
    private int kill(int lane, long millis, Path undisturbed) throws IOException, InterruptedException {
        Random random = new Random(lane);
        Path log = temp.resolve(lane + ".log");
        Path folder = temp.resolve(lane + "-0");
        int killed = 0;
        int completed = 0;
        boolean atEnd = false;
        while (killed < KILLS / LANES || !atEnd) {
            Process process = start(folder, log);
            if (killed < KILLS / LANES) {
                awaitBeginning(process, log);
                if (!process.waitFor(random.nextLong(millis), TimeUnit.MILLISECONDS)) {
                    process.destroyForcibly();
                }
            }
            assertTrue(process.waitFor(120, TimeUnit.SECONDS));
            atEnd = process.exitValue() == ExitCode.DONE;
            if (atEnd) {
                RunFiles.assertSame(undisturbed, folder, LAST);
                assertEquals(RunFiles.list(undisturbed), RunFiles.list(folder));
                folder = temp.resolve(lane + "-" + ++completed);
            } else {
                assertEquals(128 + 9, process.exitValue(), Files.readString(log));
                killed++;
                (leftovers(folder) ? whileWriting : whileNotWriting).incrementAndGet();
            }
        }
        return completed;
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
