package org.lacuna.run.folder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.ForkedJvm;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;

class AtomicFilesTest {
    @TempDir
    Path folder;

    private List<String> names() throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void writesAndReplacesAFile() throws IOException {
        Path target = folder.resolve("a.txt");
        AtomicFiles.write(target, "one ü");
        assertEquals("one ü", Files.readString(target));
        AtomicFiles.write(target, output -> output.write("two".getBytes()));
        assertEquals("two", Files.readString(target));
        assertEquals(List.of("a.txt"), names());
    }

    @Test
    void takesBytesArraysAndBuffersOfAnySizeInOrder() throws IOException {
        Random random = new Random(3);
        byte[] expected = new byte[8_000_003];
        random.nextBytes(expected);
        Path target = folder.resolve("a.bin");
        AtomicFiles.write(target, output -> {
            int at = 0;
            while (at < expected.length) {
                int length = Math.min(expected.length - at, switch (random.nextInt(4)) {
                    case 0 -> 1;
                    case 1 -> random.nextInt(200);
                    case 2 -> 65_536;
                    default -> 1_500_000;
                });
                if (length == 1) {
                    output.write(expected[at]);
                } else if (random.nextBoolean()) {
                    output.write(expected, at, length);
                } else {
                    ByteBuffer direct = ByteBuffer.allocateDirect(length + 5).position(5).put(expected, at, length).flip().position(5);
                    assertEquals(length, output.write(direct));
                    assertFalse(direct.hasRemaining());
                }
                at += length;
            }
        });
        assertArrayEquals(expected, Files.readAllBytes(target));
    }

    @Test
    void removesAFolderAndNothingElse() throws IOException {
        for (String name : List.of("step-1", "step-10")) {
            AtomicFiles.folder(folder.resolve(name), fresh -> fresh.folder("sub").text("a.json", "{}"));
        }
        AtomicFiles.removeFolder(folder.resolve("step-1"));
        assertEquals(List.of("step-10"), names());
        RunException e = assertThrows(RunException.class, () -> AtomicFiles.removeFolder(folder.resolve("step-1")));
        assertEquals(folder.resolve("step-1") + ": can't be removed: no such file or folder", e.getMessage());
    }

    @Test
    void writesAFolderWhole() throws IOException {
        Path target = folder.resolve("parent/step");
        AtomicFiles.folder(target, fresh -> {
            fresh.text("a.json", "{}");
            Files.writeString(fresh.path().resolve("b.txt"), "b");
            Files.createDirectory(fresh.path().resolve("sub"));
            try (OutputStream output = fresh.file("sub/c.bin")) {
                output.write(7);
            }
            assertFalse(Files.exists(target));
        });
        assertEquals("{}", Files.readString(target.resolve("a.json")));
        assertEquals("b", Files.readString(target.resolve("b.txt")));
        assertArrayEquals(new byte[] {7}, Files.readAllBytes(target.resolve("sub/c.bin")));
    }

    @Test
    void aFolderTakesThePlaceOfAnEmptyOneButOfNoOther() throws IOException {
        Path target = Files.createDirectory(folder.resolve("x"));
        AtomicFiles.folder(target, fresh -> fresh.text("a", "first"));
        InputException refused = assertThrows(InputException.class,
                () -> AtomicFiles.folder(target, fresh -> fresh.text("a", "second")));
        assertEquals(target + ": exists already, and nothing is overwritten", refused.getMessage());
        assertEquals("first", Files.readString(target.resolve("a")));
        // One that another process made while this one was written.
        Path meanwhile = folder.resolve("y");
        assertEquals(meanwhile + ": exists already, and nothing is overwritten", assertThrows(InputException.class, () -> AtomicFiles.folder(meanwhile, fresh -> {
            fresh.text("a", "second");
            Files.writeString(Files.createDirectory(meanwhile).resolve("a"), "first");
        })).getMessage());
        assertEquals("first", Files.readString(meanwhile.resolve("a")));
        assertEquals(List.of("x", "y"), names());
    }

    @Test
    void aFullDiskLeavesTheTargetAndNothingBesideIt() throws IOException {
        Path target = folder.resolve("a.txt");
        AtomicFiles.write(target, "good");
        RunException full = assertThrows(RunException.class, () -> AtomicFiles.write(target, output -> {
            output.write("half".getBytes());
            throw new FileSystemException(target.toString(), null, "No space left on device");
        }));
        assertEquals(target + ": can't be written: No space left on device", full.getMessage());
        assertEquals("good", Files.readString(target));

        assertThrows(RunException.class, () -> AtomicFiles.folder(folder.resolve("step"), fresh -> {
            fresh.text("a", "half");
            throw new IOException("No space left on device");
        }));
        assertEquals(List.of("a.txt"), names());
    }

    @Test
    void theWritersOwnExceptionPasses() throws IOException {
        IllegalStateException own = new IllegalStateException("own");
        assertSame(own, assertThrows(IllegalStateException.class, () -> AtomicFiles.write(folder.resolve("a"), output -> {
            throw own;
        })));
        assertEquals(List.of(), names());
    }

    @Test
    void namesTheTargetAndTheReasonWhenTheFolderRefuses() throws IOException {
        // /proc takes no new files from anybody, root included; a file is no folder.
        Path readOnly = Path.of("/proc/lacuna-test");
        assertTrue(assertThrows(RunException.class, () -> AtomicFiles.write(readOnly, "x")).getMessage()
                .startsWith(readOnly + ": can't be written: "));
        Path file = Files.writeString(folder.resolve("file"), "");
        Path below = file.resolve("below");
        String inTheWay = below + ": " + file + " is a file, not a folder; name another place";
        assertEquals(inTheWay, assertThrows(InputException.class, () -> AtomicFiles.write(below, "x")).getMessage());
        assertEquals(inTheWay, assertThrows(InputException.class, () -> AtomicFiles.folder(below, fresh -> fresh.text("a", "x"))).getMessage());
        assertTrue(assertThrows(InputException.class, () -> AtomicFiles.write(Path.of("/dev/full"), "x")).getMessage().startsWith("/dev/full: is a pipe or a device"));
        assertEquals(folder + ": is a folder; expected the name of a file",
                assertThrows(InputException.class, () -> AtomicFiles.write(folder, "x")).getMessage());
    }

    @Test
    void aDestinationIsCheckedWithoutLeavingAnything() throws IOException {
        Destination.checkFolder(folder.resolve("a/b"));
        Destination.checkFolder(folder);
        Destination.checkFile(folder.resolve("a/b.json"));
        Destination.checkFile(Path.of("b.json"));
        assertEquals(List.of(), names());
        Path file = Files.writeString(folder.resolve("file"), "");
        Destination.checkFile(file);
        for (Path wrong : List.of(file, file.resolve("x"))) {
            assertThrows(InputException.class, () -> Destination.checkFolder(wrong));
        }
        assertThrows(InputException.class, () -> Destination.checkFile(folder));
        assertThrows(InputException.class, () -> Destination.checkFile(file.resolve("x")));
        assertTrue(assertThrows(RunException.class, () -> Destination.checkFolder(Path.of("/proc/lacuna-test"))).getMessage()
                .startsWith("/proc/lacuna-test: can't be written: "));
        assertEquals(List.of("file"), names());
    }

    /** Run in another process: writes "a.bin" and the folder "step" in a folder, over and over. */
    static final class Writer {
        public static void main(String[] args) {
            Path folder = Path.of(args[0]);
            System.out.println("ready");
            AtomicFiles.write(folder.resolve("a.bin"), output -> output.write(new byte[1 << 20]));
            AtomicFiles.folder(folder.resolve("step"), fresh -> {
                try (OutputStream output = fresh.file("b.bin")) {
                    output.write(new byte[1 << 20]);
                }
            });
        }
    }

    @Test
    void aKillInsideAWriteLeavesTheTargetAndTheNextWriteCleansUp() throws Exception {
        Path target = folder.resolve("a.bin");
        AtomicFiles.write(target, "good");
        Path other = Files.writeString(folder.resolve(".tmp-a.bin.other-1-1"), "another target's");
        Process process = ForkedJvm.start(Writer.class, List.of("-D" + FileOutput.BYTES_PER_SECOND + "=100000"), folder.toString());
        while (process.isAlive() && names().stream().noneMatch(this::isUnfinished)) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        process.destroyForcibly().waitFor();
        assertEquals("good", Files.readString(target));
        assertEquals(1, names().stream().filter(this::isUnfinished).count(), names()::toString);
        AtomicFiles.write(target, "next");
        assertEquals(List.of(other.getFileName().toString(), "a.bin"), names());
    }

    @Test
    void namesThatOnlyLookLikeLeftoversStay() throws IOException {
        Path odd = Files.writeString(folder.resolve(".tmp-a.bin-99999999999999999999-ab"), "mine");
        Path link = Files.createSymbolicLink(folder.resolve(".tmp-link"), folder.resolve("nowhere"));
        AtomicFiles.write(folder.resolve("a.bin"), "content");
        assertEquals("mine", Files.readString(odd));
        AtomicFiles.removeFolder(link);
        assertFalse(Files.exists(link, LinkOption.NOFOLLOW_LINKS), "a link that leads nowhere is removed");
    }

    @Test
    void aKillInsideAFolderLeavesNoFolder() throws Exception {
        Files.writeString(folder.resolve("marker"), "");
        Process process = ForkedJvm.start(Writer.class, List.of("-D" + FileOutput.BYTES_PER_SECOND + "=1000000"), folder.toString());
        while (process.isAlive() && names().stream().noneMatch(name -> name.startsWith(".tmp-step-"))) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        process.destroyForcibly().waitFor();
        assertFalse(Files.exists(folder.resolve("step")));
        assertEquals(1 << 20, Files.size(folder.resolve("a.bin")));
        AtomicFiles.removeLeftovers(folder);
        assertEquals(List.of("a.bin", "marker"), names());
    }

    private boolean isUnfinished(String name) {
        return name.startsWith(".tmp-a.bin-");
    }
}
