package org.lacuna.data.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.run.InputException;

class DocumentsTest {

    private static final int LARGEST = 1 << 20;

    @TempDir
    private Path folder;

    private Path write(String name, String text) throws IOException {
        return write(name, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Compresses as the name says, in two parts. */
    private Path write(String name, byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int middle = bytes.length / 2;
        for (byte[] part : List.of(Arrays.copyOf(bytes, middle), Arrays.copyOfRange(bytes, middle, bytes.length))) {
            try (OutputStream stream = name.toLowerCase(Locale.ROOT).endsWith(".gz") ? new GZIPOutputStream(out) : name.endsWith(".zst") ? new ZstdOutputStream(out) : out) {
                stream.write(part);
            }
        }
        return Files.write(Files.createDirectories(folder).resolve(name), out.toByteArray());
    }

    private static List<String> read(Path path, String field, int largest) {
        List<String> texts = new ArrayList<>();
        try (Documents documents = new Documents(TextSource.of(path), field, largest)) {
            for (Document document = documents.next(); document != null; document = documents.next()) {
                texts.add(text(document));
            }
        }
        return texts;
    }

    private static String text(Document document) {
        StringBuilder text = new StringBuilder();
        char[] stretch = new char[7];
        try (Characters characters = document.open()) {
            for (int read = characters.read(stretch, 0, 7); read >= 0; read = characters.read(stretch, 0, 7)) {
                assertTrue(read > 0);
                assertFalse(Character.isHighSurrogate(stretch[read - 1]), "a torn pair");
                text.append(stretch, 0, read);
            }
        }
        return text.toString();
    }

    private String refused(String name, String content) throws IOException {
        Path path = write(name, content);
        return assertThrows(InputException.class, () -> read(path, "text", LARGEST)).getMessage();
    }

    @Test
    void textIsTheSameHoweverItIsCompressed() throws IOException {
        String text = "naïve 漢字 😀😀😀\r\n".repeat(20_000);
        for (String name : List.of("a.txt", "a.txt.gz", "a.txt.zst", "A.GZ", "noname")) {
            assertEquals(List.of(text), read(write(name, text), "text", 10), name);
        }
    }

    @Test
    void linesOfJsonAreDocuments() throws IOException {
        String lines = "{\"text\":\"one\\n\\\"1\\\" \\ud83d\\ude00\",\"id\":1}\n\n  \r\n{\"id\":[{\"text\":\"no\"}],\"text\":\"漢字\"}\r\n{\"text\":\"\"}\n{\"text\":\"last\"}";
        List<String> expected = List.of("one\n\"1\" 😀", "漢字", "", "last");
        for (String name : List.of("a.jsonl", "a.ndjson", "a.jsonl.gz", "a.jsonl.zst", "A.JSONL")) {
            assertEquals(expected, read(write(name, lines), "text", LARGEST), name);
        }
        assertEquals(List.of("x".repeat(200_000)), read(write("long.jsonl", "{\"body\":\"" + "x".repeat(200_000) + "\"}\n"), "body", LARGEST));
    }

    @Test
    void aFolderIsItsFilesInOrderOfWhateverForm() throws IOException {
        Path files = Fixtures.unpack(Fixtures.PARQUET, folder);
        Path all = Files.createDirectories(folder.resolve("all/b"));
        Files.copy(files.resolve("zstd-required-v2.parquet"), all.resolve("c.parquet"));
        Files.writeString(all.resolve(".c.parquet.crc"), "hidden");
        Files.writeString(all.resolveSibling("a.md"), "read me");
        Files.writeString(all.resolveSibling("z.jsonl"), "{\"text\":\"line\"}");
        List<String> texts = read(folder.resolve("all"), "text", LARGEST);
        assertEquals(42, texts.size());
        assertEquals("read me", texts.get(0));
        assertTrue(texts.get(1).startsWith("Text 0: naïve 漢字 😀"), texts.get(1));
        assertEquals("line", texts.get(41));
    }

    @Test
    void whatIsWrongIsNamedWithItsLine() throws IOException {
        String good = "{\"text\":\"a\"}\n";
        String message = refused("a.jsonl", good + good + "{\"text\":\"a\",}\n");
        assertTrue(message.contains("a.jsonl: line 3: not JSON: ") && message.contains("column ") && message.lines().count() == 1, message);
        assertTrue(refused("a.jsonl", good + "{\"text\":\"a").contains("line 2: not JSON"));
        assertTrue(refused("a.jsonl", good + "{\"x\":" + "[".repeat(5000) + "\n").contains("line 2: not JSON"));
        assertTrue(refused("a.jsonl", good + "{\"x\":" + "1".repeat(100_000) + "}\n").contains("line 2: not JSON"));
        assertTrue(refused("a.jsonl", good + "[1]\n").contains("line 2: an array; expected a JSON object"));
        assertTrue(refused("a.jsonl", good + "{\"content\":\"a\",\"id\":2}\n").contains("line 2: no field \"text\"; the fields there are: content, id (data.field"));
        assertTrue(refused("a.jsonl", "{\"text\":17}").contains("line 1: field \"text\" is a number; expected a string"));
        assertTrue(refused("a.jsonl", "{\"text\":null}").contains("line 1: field \"text\" is null; expected a string"));
        assertTrue(refused("a.jsonl", "{\"text\":\"a\",\"text\":\"b\"}").contains("is there twice"));
        assertTrue(refused("a.jsonl", "{\"text\":\"a\"} {\"text\":\"b\"}").contains("line 1: goes on after the object"));
        assertTrue(refused("a.jsonl", "{\"text\":\"a\\ud83d\"}").contains("half of a surrogate pair (\\ud83d)"));
        assertTrue(refused("a.jsonl.gz", good + "x").contains("a.jsonl.gz: line 2: not JSON"));
    }

    @Test
    void whatIsNoUtf8IsNamedWithItsByte() throws IOException {
        byte[] bytes = "{\"text\":\"a\"}\n{\"text\":\"é\"}\n".getBytes(StandardCharsets.UTF_8);
        bytes[23] = 'x';
        for (String name : List.of("a.jsonl", "a.jsonl.zst")) {
            Path path = write(name, bytes);
            String message = assertThrows(InputException.class, () -> read(path, "text", LARGEST)).getMessage();
            assertTrue(message.contains(name + ": line 2: not UTF-8 at byte offset 22 (0xC3)"), message);
        }
        byte[] text = "é".repeat(100_000).getBytes(StandardCharsets.UTF_8);
        text[150_001] = 'x';
        for (String name : List.of("a.txt", "a.txt.gz")) {
            Path path = write(name, text);
            String message = assertThrows(InputException.class, () -> read(path, "text", LARGEST)).getMessage();
            assertTrue(message.contains(name + ": not UTF-8 at byte offset 150000 (0xC3); expected UTF-8 text"), message);
        }
        Path cut = write("cut.txt", new byte[] {'a', (byte) 0xE2, (byte) 0x82});
        assertTrue(assertThrows(InputException.class, () -> read(cut, "text", LARGEST)).getMessage().contains("byte offset 1 (0xE2)"));
    }

    @Test
    void compressedFilesThatEndEarlyOrAreNone() throws IOException {
        String text = "some text that is compressed ".repeat(1000);
        for (String name : List.of("a.txt.gz", "a.txt.zst", "a.jsonl.zst")) {
            byte[] whole = Files.readAllBytes(write(name, "{\"text\":\"" + text + "\"}\n"));
            for (int length : new int[] {whole.length - 1, whole.length * 2 / 3, 5}) {
                Path path = Files.write(folder.resolve(name), Arrays.copyOf(whole, length));
                String message = assertThrows(InputException.class, () -> read(path, "text", LARGEST)).getMessage();
                assertTrue(message.contains(name) && message.contains("damaged"), message);
            }
            Path path = Files.writeString(folder.resolve(name), text);
            assertTrue(assertThrows(InputException.class, () -> read(path, "text", LARGEST)).getMessage().contains("damaged"));
        }
        assertTrue(refused("a.tar.gz", "x").contains("is an archive"));
        assertTrue(refused("a.tgz", "x").contains("is an archive"));
        assertTrue(refused("a.parquet.gz", "x").contains("uncompress it"));
        assertTrue(refused("a.parquet", "x").contains("expected a Parquet file"));
    }

    @Test
    void aLineIsBoundedAlsoOneThatUncompressesWithoutEnd() throws IOException {
        Path path = write("bomb.jsonl.zst", "{\"text\":\"" + "x".repeat(50 << 20));
        assertTrue(Files.size(path) < 100_000);
        String message = assertThrows(InputException.class, () -> read(path, "text", LARGEST)).getMessage();
        assertTrue(message.contains("bomb.jsonl.zst: line 1: more than 1048576 bytes"), message);
    }

    @Test
    void theHashIsOfNamesAndBytes() throws IOException {
        Path one = write("one.txt", "text");
        String hash = TextSource.of(one).sha256(read -> { });
        assertEquals(hash, TextSource.of(write("other.txt", "text")).sha256(read -> { }), "a file's name says only what is in it");
        assertNotEquals(hash, TextSource.of(write("one.jsonl", "text")).sha256(read -> { }));
        assertNotEquals(hash, TextSource.of(write("one.txt", "texT")).sha256(read -> { }));
        String both = TextSource.of(folder).sha256(read -> { });
        Files.move(one, folder.resolve("p.txt"));
        assertNotEquals(both, TextSource.of(folder).sha256(read -> { }));
    }

    @Test
    void theSplitOfADocumentIsItsOwn() {
        int validation = 0;
        for (int i = 0; i < 2000; i++) {
            String text = "document " + i + " 😀".repeat(20_000 / (i + 1));
            boolean there = Split.inValidation(Documents.held(text), 0.25);
            assertEquals(there, Split.inValidation(Documents.held(text), 0.25));
            assertTrue(!there || Split.inValidation(Documents.held(text), 0.3), "a larger share takes none away");
            validation += there ? 1 : 0;
        }
        assertTrue(Math.abs(validation - 500) < 80, "of 2000: " + validation);
        // printf 'abc' | sha256sum begins with ba7816bf: 0.728395 of the range.
        assertTrue(Split.inValidation(Documents.held("abc"), 0.7284) && !Split.inValidation(Documents.held("abc"), 0.7283));
    }
}
