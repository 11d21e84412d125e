package org.lacuna.zoo.archive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TimeZone;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.apache.commons.compress.archivers.zip.UnixStat;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.run.InputException;

class ArchiveTest {
    @TempDir
    Path temp;

    @FunctionalInterface
    private interface Entries {
        void write(ZipArchiveOutputStream zip) throws IOException;
    }

    @Test
    void whatIsPackedComesBack() throws IOException {
        Path folder = folder("model");
        Archive.pack(folder, temp.resolve("model.zip"));
        Path back = temp.resolve("new/back");
        Archive.unpack(temp.resolve("model.zip"), back, path -> assertTrue(Files.exists(path.resolve("sub/c.bin"))));
        assertEquals(List.of("a.txt", "b", "sub/c.bin"), files(back));
        for (String name : files(back)) {
            assertArrayEquals(Files.readAllBytes(folder.resolve(name)), Files.readAllBytes(back.resolve(name)));
        }
        assertThrows(InputException.class, () -> Archive.unpack(temp.resolve("model.zip"), back, path -> {}), "not over files that are there");
    }

    @Test
    void sameFilesMakeTheSameBytes() throws IOException {
        Path first = folder("first");
        Path second = folder("second");
        Files.setLastModifiedTime(second.resolve("a.txt"), FileTime.fromMillis(1_234_567_890_123L));
        Archive.pack(first, temp.resolve("1.zip"));
        TimeZone zone = TimeZone.getDefault();
        try {
            for (String other : List.of("Asia/Tokyo", "America/St_Johns", "Africa/Monrovia")) {
                TimeZone.setDefault(TimeZone.getTimeZone(other));
                Archive.pack(second, temp.resolve("2.zip"));
                assertArrayEquals(Files.readAllBytes(temp.resolve("1.zip")), Files.readAllBytes(temp.resolve("2.zip")), other);
            }
        } finally {
            TimeZone.setDefault(zone);
        }
        // The JDK reads it too, in the order of the names.
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(temp.resolve("1.zip")))) {
            assertEquals("a.txt", zip.getNextEntry().getName());
            assertEquals("abc", new String(zip.readAllBytes(), StandardCharsets.UTF_8));
            assertEquals("b", zip.getNextEntry().getName());
            assertEquals("sub/c.bin", zip.getNextEntry().getName());
        }
    }

    @Test
    void whatItsCheckRefusesIsNotThere() throws IOException {
        Archive.pack(folder("model"), temp.resolve("model.zip"));
        assertThrows(InputException.class, () -> Archive.unpack(temp.resolve("model.zip"), temp.resolve("out"), path -> {
            throw new InputException("no");
        }));
        assertNothingWritten();
    }

    @Test
    void deflatedEntriesAndFoldersOfOthersAreRead() throws IOException {
        zip(zip -> {
            zip.putArchiveEntry(new ZipArchiveEntry("sub/"));
            zip.closeArchiveEntry();
            file(zip, "sub/a.txt", "abc");
        });
        Archive.unpack(temp.resolve("x.zip"), temp.resolve("out"), path -> {});
        assertEquals("abc", Files.readString(temp.resolve("out/sub/a.txt")));
    }

    @ParameterizedTest
    @ValueSource(strings = {".git/config", "a/.git/config", ".a", "../a", "a/../../b", "/etc/passwd", "a\\..\\b", "C:/a", "c:a", "a//b", "./a", "a/.", "..", "a\u0000b", "a\nb", "nul",
            "aux.txt", "a./b",
        "a /b", "caf\u00e9", "~", "a*", "a:b", "-"})
    void namesThatLeadElsewhereAreRefused(String name) throws IOException {
        zip(zip -> {
            file(zip, "good.txt", "abc");
            file(zip, name, "abc");
        });
        assertRefused("is no plain relative path");
    }

    @Test
    void longNamesAreRefused() throws IOException {
        zip(zip -> file(zip, "a".repeat(EntryNames.MAX_LENGTH + 1), "abc"));
        assertRefused("longer than 240");
        zip(zip -> file(zip, "a/".repeat(EntryNames.MAX_DEPTH + 1) + "a", "abc"));
        assertRefused("below more than 8 folders");
        zip(zip -> file(zip, "a".repeat(60_000), "abc"));
        assertTrue(assertRefused("longer than 240").length() < 500, "a message is short");
    }

    @Test
    void linksAndDevicesAreRefused() throws IOException {
        for (int type : new int[] {UnixStat.LINK_FLAG, 0x2000, 0x1000, UnixStat.DIR_FLAG}) {
            zip(zip -> {
                file(zip, "good.txt", "abc");
                ZipArchiveEntry entry = new ZipArchiveEntry("link");
                entry.setUnixMode(type | 0777);
                zip.putArchiveEntry(entry);
                zip.write("/etc/passwd".getBytes(StandardCharsets.UTF_8));
                zip.closeArchiveEntry();
            });
            assertRefused(type == UnixStat.LINK_FLAG ? "'link': is a symbolic link" : "'link': is no ordinary file");
        }
    }

    @Test
    void doubleNamesAreRefused() throws IOException {
        zip(zip -> {
            file(zip, "a", "abc");
            file(zip, "a", "abd");
        });
        assertRefused("'a': is there twice");
        zip(zip -> {
            file(zip, "a/b", "abc");
            file(zip, "a/B", "abd");
        });
        assertRefused("'a/B': is there twice");
        zip(zip -> {
            file(zip, "a/b", "abc");
            file(zip, "A/c", "abd");
        });
        assertRefused("'A': is written 'a' elsewhere");
        zip(zip -> {
            file(zip, "a/b", "abc");
            file(zip, "A", "abd");
        });
        assertRefused("'a': is both a file and a folder");
    }

    @Test
    void manyEntriesAreRefused() throws IOException {
        zip(zip -> {
            for (int i = 0; i < 10_000; i++) {
                file(zip, "f" + i, "");
            }
        });
        assertRefused("has 10000 entries, more than 1000");
        zip(zip -> {
            for (int i = 0; i < 65_000; i++) {
                file(zip, "f" + i + "x".repeat(150), "");
            }
        });
        assertRefused("headers are longer than");
    }

    /** The bomb of the specification, whose header is honest; then one whose header is not. */
    @Test
    void expansionIsBounded() throws IOException {
        bomb(10L << 30, 10L << 30);
        assertTrue(Files.size(temp.resolve("x.zip")) < 20 << 20);
        long start = System.nanoTime();
        assertRefused("would expand to 10737418240 bytes");
        bomb(10L << 30, 1000);
        assertRefused("expands to more than the 1000 bytes that its header tells");
        assertTrue(System.nanoTime() - start < 5_000_000_000L, "neither is expanded");
    }

    @Test
    void entriesThatShareBytesAreRefused() throws IOException {
        zip(zip -> {
            file(zip, "a", "abc");
            file(zip, "b", "abc");
        });
        byte[] bytes = Files.readAllBytes(temp.resolve("x.zip"));
        // The second entry of the central directory points to the first content.
        int second = lastIndexOf(bytes, new byte[] {'P', 'K', 1, 2});
        for (int i = 0; i < 4; i++) {
            bytes[second + 42 + i] = 0;
        }
        bytes[second + 46] = 'a';
        Files.write(temp.resolve("x.zip"), bytes);
        assertRefused("");
        bytes[second + 46] = 'A';
        bytes[30] = 'A';
        Files.write(temp.resolve("x.zip"), bytes);
        assertRefused("");
    }

    @Test
    void headersThatContradictEachOtherAreRefused() throws IOException {
        Archive.pack(folder("model"), temp.resolve("x.zip"));
        byte[] bytes = Files.readAllBytes(temp.resolve("x.zip"));
        // Method, CRC, both sizes, name of the first local header.
        for (int at : new int[] {0, 6, 8, 14, 18, 22, 26, 30}) {
            byte[] changed = bytes.clone();
            changed[at] ^= 1;
            Files.write(temp.resolve("x.zip"), changed);
            assertRefused("");
        }
    }

    /** Whatever the bit, the zip is refused, or its time, attributes or the like don't matter and the files are those that were packed. */
    @Test
    void noBitChangesAFile() throws IOException {
        Path folder = folder("model");
        Archive.pack(folder, temp.resolve("x.zip"));
        byte[] bytes = Files.readAllBytes(temp.resolve("x.zip"));
        Random random = new Random(1);
        int refused = 0;
        for (int i = 0; i < bytes.length; i += 1 + (bytes.length > 2_000 ? random.nextInt(20) : 0)) {
            byte[] changed = bytes.clone();
            changed[i] ^= (byte) (1 << random.nextInt(8));
            Files.write(temp.resolve("x.zip"), changed);
            Path out = temp.resolve("out" + i);
            try {
                Archive.unpack(temp.resolve("x.zip"), out, path -> {});
                assertEquals(files(folder), files(out), "byte " + i);
                for (String name : files(out)) {
                    assertArrayEquals(Files.readAllBytes(folder.resolve(name)), Files.readAllBytes(out.resolve(name)), "byte " + i);
                }
            } catch (InputException e) {
                refused++;
                assertFalse(Files.exists(out), "byte " + i);
            }
        }
        assertTrue(refused > 50, refused + " refused");
    }

    @Test
    void aZipThatWasCutIsRefused() throws IOException {
        Archive.pack(folder("model"), temp.resolve("x.zip"));
        byte[] bytes = Files.readAllBytes(temp.resolve("x.zip"));
        for (int length : new int[] {0, 1, 21, 22, 100, bytes.length / 2, bytes.length - 1}) {
            Files.write(temp.resolve("x.zip"), Arrays.copyOf(bytes, length));
            assertRefused("");
        }
        Files.delete(temp.resolve("x.zip"));
        assertRefused("no such file");
    }

    @Test
    void whatCouldNotBeUnpackedIsNotPacked() throws IOException {
        Path folder = folder("model");
        Files.createSymbolicLink(folder.resolve("link"), folder.resolve("a.txt"));
        Files.writeString(folder.resolve("caf\u00e9"), "");
        InputException e = assertThrows(InputException.class, () -> Archive.pack(folder, temp.resolve("x.zip")));
        assertEquals(2, e.problems().size(), e.getMessage());
        assertTrue(e.problems().get(0).contains("link: is a link"), e.getMessage());
        assertFalse(Files.exists(temp.resolve("x.zip")));
    }

    private void bomb(long real, long told) throws IOException {
        // Blocks that end on a byte and refer to nothing before them can be repeated.
        int block = 16 << 20;
        Deflater deflater = new Deflater(9, true);
        byte[] zeros = new byte[1 << 20];
        byte[] output = new byte[1 << 20];
        ByteArrayOutputStream once = new ByteArrayOutputStream();
        for (int i = 0; i < block / zeros.length; i++) {
            deflater.setInput(zeros);
            once.write(output, 0, deflater.deflate(output, 0, output.length, Deflater.FULL_FLUSH));
        }
        deflater.finish();
        byte[] end = Arrays.copyOf(output, deflater.deflate(output));
        deflater.end();
        byte[] repeated = once.toByteArray();
        int times = (int) (real / block);
        ZipArchiveEntry entry = new ZipArchiveEntry("model.safetensors");
        entry.setMethod(ZipEntry.DEFLATED);
        entry.setSize(told);
        entry.setCompressedSize((long) times * repeated.length + end.length);
        entry.setCrc(0);
        zip(zip -> {
            List<InputStream> parts = new ArrayList<>();
            for (int i = 0; i < times; i++) {
                parts.add(new ByteArrayInputStream(repeated));
            }
            parts.add(new ByteArrayInputStream(end));
            zip.addRawArchiveEntry(entry, new SequenceInputStream(Collections.enumeration(parts)));
        });
    }

    private Path folder(String name) throws IOException {
        Path folder = temp.resolve(name);
        Files.createDirectories(folder.resolve("sub"));
        Files.writeString(folder.resolve("a.txt"), "abc");
        Files.write(folder.resolve("b"), new byte[0]);
        byte[] random = new byte[100];
        new Random(1).nextBytes(random);
        Files.write(folder.resolve("sub/c.bin"), random);
        return folder;
    }

    private void zip(Entries entries) throws IOException {
        try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(temp.resolve("x.zip"))) {
            zip.setLevel(1);
            entries.write(zip);
        }
    }

    private static void file(ZipArchiveOutputStream zip, String name, String text) throws IOException {
        ZipArchiveEntry entry = new ZipArchiveEntry(name);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0) {
            entry.setMethod(ZipEntry.STORED);
            entry.setSize(0);
            entry.setCrc(new CRC32().getValue());
        }
        zip.putArchiveEntry(entry);
        zip.write(bytes);
        zip.closeArchiveEntry();
    }

    private String assertRefused(String part) throws IOException {
        InputException e = assertThrows(InputException.class, () -> Archive.unpack(temp.resolve("x.zip"), temp.resolve("out"), path -> {}));
        assertTrue(e.getMessage().contains(part), e.getMessage());
        assertNothingWritten();
        return e.getMessage();
    }

    private void assertNothingWritten() throws IOException {
        try (Stream<Path> entries = Files.list(temp)) {
            assertEquals(List.of(), entries.map(path -> path.getFileName().toString()).filter(name -> !List.of("model", "x.zip",
                    "model.zip").contains(name)).toList());
        }
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> tree = Files.walk(folder)) {
            return tree.filter(Files::isRegularFile).map(path -> folder.relativize(path).toString()).sorted().toList();
        }
    }

    private static int lastIndexOf(byte[] bytes, byte[] part) {
        for (int i = bytes.length - part.length; i >= 0; i--) {
            if (Arrays.equals(bytes, i, i + part.length, part, 0, part.length)) {
                return i;
            }
        }
        throw new AssertionError("not there");
    }
}
