package org.lacuna.data.tokenize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.InputException;

class ByteTokenizerTest {

    private final ByteTokenizer tokenizer = new ByteTokenizer();

    @Test
    void idsAreBytes() {
        assertArrayEquals(new int[] {72, 105, 0xC3, 0xA9, 0xF0, 0x9F, 0x98, 0x80, 0}, tokenizer.encode("Hié😀\0"));
        assertArrayEquals(new int[0], tokenizer.encode(""));
        assertEquals(257, tokenizer.vocabularySize());
    }

    @Test
    void endOfTextIsOneTokenWhereItIsSpelledOut() {
        assertArrayEquals(new int[] {97, 256, 256, 98}, tokenizer.encode("a<|endoftext|><|endoftext|>b"));
        assertArrayEquals("<|endoftext|".chars().toArray(), tokenizer.encode("<|endoftext|"));
        assertArrayEquals(new int[] {'<', 256}, tokenizer.encode("<<|endoftext|>"));
        assertEquals("a<|endoftext|>", tokenizer.decode(new int[] {97, 256}));
        assertEquals("ab", tokenizer.decodeWithoutSpecial(new int[] {97, 256, 98}));
    }

    @Test
    void textComesBack() {
        for (String text : List.of("", " a  b\t\r\n", "naïve 漢字 عربى e\u0301", "👩‍👩‍👧", "\0\u001F\u007F\u00AD\u00A0")) {
            assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
        }
        assertEquals("a\uFFFD", tokenizer.decode(new int[] {97, 0xC3}));
    }

    @Test
    void refusesWhatIsNoTextOrNoToken() {
        assertThrows(InputException.class, () -> tokenizer.encode("a\uD800b"));
        assertTrue(assertThrows(InputException.class, () -> tokenizer.decode(new int[] {1, 257})).getMessage()
                .contains("257 at position 1"));
        assertThrows(InputException.class, () -> tokenizer.decode(new int[] {-1}));
    }

    @Test
    void savesAndLoads(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("tokenizer.json");
        tokenizer.save(file);
        assertEquals(257, ByteTokenizer.load(file).vocabularySize());
        JsonNode vocabulary = new ObjectMapper().readTree(file.toFile()).at("/model/vocab");
        assertEquals(256, vocabulary.size());
        assertEquals(65, vocabulary.get("A").intValue());
        // GPT-2's table: the space is U+0120, the newline U+010A, 0xAD is the last of the unprintable ones.
        assertEquals(32, vocabulary.get("\u0120").intValue());
        assertEquals(10, vocabulary.get("\u010A").intValue());
        assertEquals(0xAD, vocabulary.get("\u0143").intValue());

        Files.writeString(file, Files.readString(file).replace("\"merges\" : [ ]", "\"merges\" : [ \"a b\" ]"),
                StandardCharsets.UTF_8);
        assertTrue(assertThrows(InputException.class, () -> ByteTokenizer.load(file)).getMessage().contains("tokenizer.json"));
        Files.writeString(file, "{");
        String message = assertThrows(InputException.class, () -> ByteTokenizer.load(file)).getMessage();
        assertTrue(message.startsWith(file + ": not valid JSON: ") && message.lines().count() == 1, message);
        assertThrows(InputException.class, () -> ByteTokenizer.load(folder.resolve("none.json")));
        Path under = file.resolve("x.json");
        assertThrows(InputException.class, () -> tokenizer.save(under));
    }
}
