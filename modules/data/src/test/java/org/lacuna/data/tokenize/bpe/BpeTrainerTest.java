package org.lacuna.data.tokenize.bpe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.run.InputException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;

class BpeTrainerTest {
    private static final List<String> END = List.of("<|endoftext|>");

    @TempDir
    Path folder;

    private static Map<String, Long> counts(String text) throws IOException {
        WordCounts words = new WordCounts(END, () -> {});
        words.add(new StringReader(text));
        return words.counts();
    }

    private static BpeVocabulary train(String text, int vocabulary, long minFrequency) throws IOException {
        return BpeTrainer.train(counts(text), vocabulary, minFrequency, END, tokens -> {});
    }

    private static List<List<String>> spelled(BpeVocabulary trained) {
        return trained.merges().stream().map(merge -> List.of(trained.tokens().get(merge.left()), trained.tokens().get(merge.right()))).toList();
    }

    private Tokenizer reread(BpeVocabulary trained) {
        AtomicFiles.folder(folder.resolve("trained"), trained::write);
        return Tokenizers.load(folder.resolve("trained").resolve("tokenizer.json"));
    }

    @Test
    void mergesAreThoseCountedByHand() throws IOException {
        // ug 5, hug 4, Ġhug 3; of the pairs that occur once p ug has the lowest left id, Ġ (221) is below Ġhug (259).
        String text = "hug hug pug hug hugs";
        assertEquals(List.of(List.of("u", "g"), List.of("h", "ug"), List.of("Ġ", "hug")), spelled(train(text, 1000, 2)));
        BpeVocabulary all = train(text, 1000, 1);
        assertEquals(List.of(List.of("u", "g"), List.of("h", "ug"), List.of("Ġ", "hug"), List.of("p", "ug"), List.of("Ġ", "pug"), List.of("Ġhug", "s")),
                spelled(all));
        assertEquals(List.of("<|endoftext|>", "!", "\""), all.tokens().subList(0, 3));
        assertEquals(List.of("Ń", "ug", "hug", "Ġhug", "pug", "Ġpug", "Ġhugs"), all.tokens().subList(256, 263));
        assertEquals(5, all.used());
        assertEquals(258, train(text, 258, 1).tokens().size());
    }

    @Test
    void overlappingPairsAndThoseThatComeBackAreCountedRight() throws IOException {
        assertEquals(List.of(List.of("a", "a"), List.of("aa", "aa")), spelled(train("aaaaaaaa", 259, 1)));
        Random random = new Random(3);
        for (int round = 0; round < 40; round++) {
            Map<String, Long> counts = new LinkedHashMap<>();
            for (int word = 0; word < 30; word++) {
                StringBuilder text = new StringBuilder();
                random.ints(1 + random.nextInt(12), 0, 2 + round % 4).forEach(letter -> text.append("abcé".charAt(letter % 4)));
                counts.put(text.toString(), 1L + random.nextInt(5));
            }
            BpeVocabulary trained = BpeTrainer.train(counts, 300, 1 + round % 3, END, tokens -> {});
            List<List<String>> plain = PlainBpe.merges(counts, 300, 1 + round % 3, END);
            assertEquals(plain, spelled(trained));
            // The same words in another order.
            assertEquals(trained, BpeTrainer.train(new TreeMap<>(counts), 300, 1 + round % 3, END, tokens -> {}));
        }
    }

    @Test
    void theLibraryGivesTheIdsThatTheMergesSay() throws IOException {
        Path reference = Fixtures.unpack("gpt2-style-512", folder);
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(reference.resolve("encodings.jsonl"))) {
            lines.add(Json.parse("encodings.jsonl", line));
        }
        List<String> texts = lines.stream().map(line -> line.path("text").asText()).toList();
        BpeVocabulary trained = train(String.join("\n", texts), 700, 1);
        Tokenizer library = reread(trained);
        assertEquals(700, library.vocabularySize());
        for (String text : texts) {
            int[] plain = encode(text, spelled(trained), trained.tokens());
            assertArrayEquals(plain, library.encode(text), text);
            assertEquals(text, library.decode(plain));
        }
        // That the plain statement is right itself: the ids of a tokenizer that Hugging Face's library trained.
        JsonNode model = Json.read(reference.resolve("tokenizer.json")).path("model");
        List<List<String>> merges = StreamSupport.stream(model.path("merges").spliterator(), false)
                .map(merge -> List.of(merge.get(0).asText(), merge.get(1).asText())).toList();
        String[] tokens = new String[512];
        model.path("vocab").fields().forEachRemaining(field -> tokens[field.getValue().asInt()] = field.getKey());
        for (JsonNode line : lines) {
            int[] expected = StreamSupport.stream(line.path("ids_without_bos").spliterator(), false).mapToInt(JsonNode::asInt).toArray();
            assertArrayEquals(expected, encode(line.path("text").asText(), merges, Arrays.asList(tokens)), line.path("text").asText());
        }
    }

    private static int[] encode(String text, List<List<String>> merges, List<String> tokens) {
        List<Integer> ids = new ArrayList<>();
        int from = 0;
        while (from <= text.length()) {
            int end = text.indexOf(END.get(0), from);
            for (String word : PlainBpe.words(text.substring(from, end < 0 ? text.length() : end), List.of())) {
                PlainBpe.tokens(word, merges).forEach(token -> ids.add(tokens.indexOf(token)));
            }
            if (end < 0) {
                break;
            }
            ids.add(tokens.indexOf(END.get(0)));
            from = end + END.get(0).length();
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    @Test
    void whatIsWrittenNamesItsSpecialTokens() {
        BpeVocabulary trained = BpeTrainer.train(Map.of("ab", 2L), 262, 1, List.of("<|endoftext|>", "<s>", "<pad>", "<mine>"), tokens -> {});
        Tokenizer tokenizer = reread(trained);
        assertEquals(OptionalInt.of(0), tokenizer.endOfText());
        assertEquals(OptionalInt.of(1), tokenizer.beginOfText());
        assertEquals(OptionalInt.of(2), tokenizer.padding());
        assertEquals(OptionalInt.empty(), tokenizer.unknown());
        assertArrayEquals(new int[] {1}, tokenizer.prefix());
        assertArrayEquals(new int[] {0, 260, 3}, tokenizer.encode("<|endoftext|>ab<mine>"));
        assertEquals("ab", tokenizer.decodeWithoutSpecial(new int[] {0, 260, 3}));
    }

    @Test
    void aTextIsCutTheSameHoweverItIsRead() throws IOException {
        String text = "It's they'll  we've  \n\n <|endoftext|>x<|endoftext|><|endof 12345 \u3000漢字 'tis e\u0301 😀!!! \u00A0 a\t\tb<|endoftext|>";
        Random random = new Random(2);
        for (int round = 0; round < 300; round++) {
            StringBuilder mixed = new StringBuilder();
            random.ints(20, 0, text.length()).forEach(at -> mixed.append(text, at, Math.min(text.length(), at + 1 + random.nextInt(8))));
            String whole = Character.isHighSurrogate(mixed.charAt(mixed.length() - 1)) ? mixed + "\uDE00" : mixed + text;
            List<String> words = new ArrayList<>();
            new WordSplitter(END, words::add).split(new Drops(whole, 1 + random.nextInt(5)));
            assertEquals(PlainBpe.words(whole, END), words, whole);
        }
        List<String> words = new ArrayList<>();
        new WordSplitter(List.of(), words::add).split(new StringReader("a".repeat(500_000) + "!" + " ".repeat(300_000)));
        assertEquals(List.of(500_000, 1, 300_000), words.stream().map(String::length).toList());
    }

    /** Hands out a text few characters at a time. */
    private static final class Drops extends FilterReader {
        private final int most;

        Drops(String text, int most) {
            super(new StringReader(text));
            this.most = most;
        }

        @Override
        public int read(char[] buffer, int offset, int length) throws IOException {
            return super.read(buffer, offset, Math.min(length, most));
        }
    }

    @Test
    void filesAndFoldersAreCounted() throws IOException {
        Path text = Files.createDirectories(folder.resolve("texts/below"));
        Files.writeString(text.resolve("a.txt"), "one two");
        Files.writeString(folder.resolve("texts/b.txt"), "one é<|endoftext|>one");
        Files.writeString(folder.resolve("texts/.hidden"), "three");
        WordCounts words = new WordCounts(END, () -> {});
        words.add(folder.resolve("texts"));
        assertEquals(Map.of("one", 3L, " two", 1L, " é", 1L), words.counts());
        assertEquals(7 + 22, words.bytes());
        assertEquals(5, words.words());
    }

    @Test
    void whatCanNotBeIsRefused() throws IOException {
        assertTrue(assertThrows(InputException.class, () -> train("a", 256, 1)).getMessage().contains("at least 257"));
        assertThrows(InputException.class, () -> train("a", 300, 0));
        for (List<String> special : List.of(List.of("<a>", "<a>"), List.of(""), List.of("a"))) {
            assertThrows(InputException.class, () -> BpeTrainer.train(Map.of(), 300, 1, special, tokens -> {}));
        }
        WordCounts words = new WordCounts(END, () -> {});
        Path file = folder.resolve("text");
        assertTrue(assertThrows(InputException.class, () -> words.add(file)).getMessage().contains("no such file"));
        Files.write(file, new byte[] {'a', (byte) 0xC3});
        assertTrue(assertThrows(InputException.class, () -> words.add(file)).getMessage().startsWith(file + ": not UTF-8"));
        Files.writeString(file, "x".repeat(1_200_000));
        assertTrue(assertThrows(InputException.class, () -> words.add(file)).getMessage().contains("1048576 characters without a word's end"));
        try (Reader failing = new StringReader("")) {
            new WordSplitter(List.of(), word -> {}).split(failing);
        }
    }
}
