package org.lacuna.run.folder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.ForkedJvm;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;

class RunFolderTest {
    @TempDir
    Path folder;

    /** Holds a run folder until it is killed. */
    static final class Holder {
        public static void main(String[] args) throws InterruptedException {
            try (RunFolder run = RunFolder.create(Path.of(args[0]), "a: 1\n")) {
                System.out.println("holding " + run.path());
                Thread.sleep(60_000);
            }
        }
    }

    @Test
    void makesTheFolderWithItsRecipe() throws IOException {
        Path path = folder.resolve("runs/x");
        try (RunFolder run = RunFolder.create(path, "a: 1\n")) {
            assertEquals("a: 1\n", Files.readString(run.config()));
            assertTrue(Files.isDirectory(run.checkpoints()));
            assertEquals(path.resolve("checkpoints/step-000500"), run.checkpoint(500));
            assertEquals(path.resolve("checkpoints/step-12345678"), run.checkpoint(12_345_678));
            assertEquals(path.resolve("metrics.jsonl"), run.metrics());
            assertEquals(Optional.empty(), run.latestCheckpoint());
        }
    }

    @Test
    void removesCheckpointsAndNothingElse() throws IOException {
        try (RunFolder run = RunFolder.create(folder.resolve("x"), "a: 1\n")) {
            Files.createDirectory(run.checkpoint(5));
            Files.createDirectory(run.checkpoint(6));
            run.removeCheckpoint(run.checkpoint(5));
            assertEquals(List.of(run.checkpoint(6)), RunFolder.checkpoints(run.path()));
            for (Path other : List.of(run.checkpoints(), run.config(), run.checkpoints().resolve("mine"), folder.resolve("step-000006"))) {
                assertThrows(IllegalArgumentException.class, () -> run.removeCheckpoint(other));
            }
        }
    }

    @Test
    void refusesAFolderThatHoldsSomething() throws IOException {
        Path path = folder.resolve("x");
        RunFolder.create(path, "a: 1\n").close();
        InputException refused = assertThrows(InputException.class, () -> RunFolder.create(path, "b: 2\n"));
        assertEquals(path + ": exists already; name another folder, remove it, or resume the run in it", refused.getMessage());
        assertEquals("a: 1\n", Files.readString(path.resolve("config.yaml")));
        Path file = Files.writeString(folder.resolve("file"), "");
        assertEquals(file + ": is a file; expected a folder; name another place",
                assertThrows(InputException.class, () -> RunFolder.create(file, "b: 2\n")).getMessage());
        Path below = file.resolve("x").resolve("y");
        assertEquals(below + ": " + file + " is a file, not a folder; name another place",
                assertThrows(InputException.class, () -> RunFolder.create(below, "b: 2\n")).getMessage());
        RunFolder.create(Files.createDirectory(folder.resolve("empty")), "c: 3\n").close();
    }

    @Test
    void resumesAndClearsUnfinishedFiles() throws IOException {
        Path path = folder.resolve("x");
        RunFolder.create(path, "a: 1\n").close();
        Path leftover = Files.createDirectory(path.resolve("checkpoints/.tmp-step-000010-1-f"));
        Files.writeString(leftover.resolve("model.safetensors"), "half");
        Path file = Files.writeString(path.resolve(".tmp-metrics.jsonl-1-f"), "half");
        try (RunFolder run = RunFolder.resume(path)) {
            assertTrue(Files.notExists(leftover) && Files.notExists(file));
            assertEquals(Optional.empty(), run.latestCheckpoint());
        }
        InputException none = assertThrows(InputException.class, () -> RunFolder.resume(folder.resolve("none")));
        assertEquals(folder.resolve("none") + ": no run to resume there (it has no config.yaml)", none.getMessage());
    }

    /** A folder in the lock's place keeps even root from locking it. */
    @Test
    void aFolderThatCannotBeWrittenIsToldWithWhatToDo() throws IOException {
        Path path = folder.resolve("x");
        RunFolder.create(path, "a: 1\n").close();
        Files.delete(path.resolve(".lock"));
        Files.createDirectory(path.resolve(".lock"));
        String message = assertThrows(RunException.class, () -> RunFolder.resume(path)).getMessage();
        assertTrue(message.startsWith(path.resolve(".lock") + ": can't be locked: ")
                && message.endsWith("; a run writes into its folder: make it writable, or go on with a copy of it"), message);
    }

    @Test
    void theLatestCheckpointIsTheOneOfTheHighestStep() throws IOException {
        try (RunFolder run = RunFolder.create(folder.resolve("x"), "")) {
            for (String name : List.of("step-000020", "step-999999", "step-1000000", ".tmp-step-2000000-1-f", "step-5", "step-xxxxxx")) {
                Files.createDirectory(run.checkpoints().resolve(name));
            }
            Files.writeString(run.checkpoints().resolve("step-3000000"), "a file");
            assertEquals(Optional.of(run.checkpoint(1_000_000)), run.latestCheckpoint());
        }
        assertEquals(OptionalLong.of(500), RunFolder.step(Path.of("a/step-000500")));
        assertEquals(OptionalLong.empty(), RunFolder.step(Path.of("a/step-000500.old")));
    }

    @Test
    void oneRunHoldsAFolderAtATime() throws Exception {
        Path path = folder.resolve("x");
        String held = path + ": another run is writing there; wait until it ends, or name another folder";
        Process process = ForkedJvm.start(Holder.class, List.of(), path.toString());
        try (BufferedReader output = process.inputReader()) {
            assertEquals("holding " + path, output.readLine());
            assertEquals(held, assertThrows(InputException.class, () -> RunFolder.resume(path)).getMessage());
            assertEquals(held, assertThrows(InputException.class, () -> RunFolder.create(path, "a: 1\n")).getMessage());
            assertTrue(FolderLock.isHeld(path));
        } finally {
            process.destroyForcibly().waitFor();
        }
        try (RunFolder run = RunFolder.resume(path)) {
            assertEquals(held, assertThrows(InputException.class, () -> RunFolder.resume(run.path())).getMessage());
        }
        assertFalse(FolderLock.isHeld(path));
        assertFalse(FolderLock.isHeld(folder.resolve("none")));
        RunFolder.resume(path).close();
    }
}
