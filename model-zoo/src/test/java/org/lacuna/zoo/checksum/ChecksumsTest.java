package org.lacuna.zoo.checksum;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.InputException;

class ChecksumsTest {
    /** SHA-256 of "abc", from FIPS 180-2. */
    private static final String ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    private static final String NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    @TempDir
    Path folder;

    @BeforeEach
    void fill() throws IOException {
        Files.writeString(folder.resolve("b.txt"), "abc");
        Files.createDirectory(folder.resolve("a"));
        Files.writeString(folder.resolve("a/empty file"), "");
    }

    @Test
    void writesAsSha256sumDoes() throws IOException {
        Checksums.write(folder);
        assertEquals(NOTHING + "  a/empty file\n" + ABC + "  b.txt\n", Files.readString(folder.resolve("SHA256SUMS")));
        assertEquals(2, Checksums.verify(folder));
        Checksums.write(folder);
        assertEquals(2, Checksums.verify(folder), "the sums don't list themselves");
    }

    @Test
    void namesEachFileThatIsNotAsItWas() throws IOException {
        Files.writeString(folder.resolve("c"), "c");
        Checksums.write(folder);
        Files.writeString(folder.resolve("b.txt"), "abd");
        Files.delete(folder.resolve("c"));
        Files.writeString(folder.resolve("a/later"), "");
        List<String> problems = assertThrows(InputException.class, () -> Checksums.verify(folder)).problems();
        assertEquals(3, problems.size());
        assertTrue(problems.get(0).contains("a/later: is not listed"), problems.get(0));
        assertTrue(problems.get(1).contains("b.txt: its bytes changed"), problems.get(1));
        assertTrue(problems.get(2).contains("c: is missing"), problems.get(2));
    }

    /** A sum changes, or a name, or the line is none any more. */
    @Test
    void oneBitInTheSumsIsFound() throws IOException {
        Checksums.write(folder);
        byte[] sums = Files.readAllBytes(folder.resolve(Checksums.FILE));
        for (int i = 0; i < sums.length; i++) {
            byte[] flipped = sums.clone();
            flipped[i] ^= 1;
            Files.write(folder.resolve(Checksums.FILE), flipped);
            assertThrows(InputException.class, () -> Checksums.verify(folder), "byte " + i);
        }
    }

    @Test
    void linksAreRefused() throws IOException {
        Checksums.write(folder);
        Files.createSymbolicLink(folder.resolve("link"), folder.resolve("b.txt"));
        assertRefused("link: is a link");
        Files.delete(folder.resolve("link"));
        Files.move(folder.resolve("a"), folder.resolve("real"));
        Files.createSymbolicLink(folder.resolve("a"), folder.resolve("real"));
        assertRefused("a: is a link");
        InputException writing = assertThrows(InputException.class, () -> Checksums.write(folder));
        assertTrue(writing.getMessage().contains("is a link"), writing.getMessage());
    }

    @Test
    void sumsFromStrangersAreBounded() throws IOException {
        Path sums = folder.resolve(Checksums.FILE);
        assertRefused("no such file");
        Files.writeString(sums, "x".repeat(Checksums.MAX_BYTES + 1));
        assertRefused("more than");
        Files.writeString(sums, ABC + "  c.txt\n");
        assertRefused("c.txt: is missing");
        Files.writeString(sums, ABC + "  b.txt\n" + ABC + "  b.txt\n");
        assertRefused("line 2 lists a file for the second time");
        Files.write(sums, new byte[] {(byte) 0xff, '\n'});
        assertRefused("not UTF-8");
    }

    @Test
    void pathsOutOfTheFolderAreRefused() throws IOException {
        for (String path : new String[] {"../a", "a/../b", "/etc/passwd", "a//b", "./a", "a\0b", "a\u001b[2J", "a\\b"}) {
            Files.writeString(folder.resolve(Checksums.FILE), NOTHING + "  " + path + "\n");
            assertRefused("line 1 lists what is no plain path");
        }
    }

    @Test
    void aModelHasFewFiles() throws IOException {
        for (int i = 0; i < Checksums.MAX_FILES; i++) {
            Files.createFile(folder.resolve("f" + i));
        }
        InputException e = assertThrows(InputException.class, () -> Checksums.write(folder));
        assertTrue(e.getMessage().contains("more than 1000 files"), e.getMessage());
    }

    private void assertRefused(String part) {
        InputException e = assertThrows(InputException.class, () -> Checksums.verify(folder));
        assertTrue(e.getMessage().contains(part), e.getMessage());
    }
}
