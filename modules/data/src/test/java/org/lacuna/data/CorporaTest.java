package org.lacuna.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.data.sample.SamplerKind;
import org.lacuna.data.sample.Windows;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Recipes;

class CorporaTest {

    @TempDir
    private Path folder;
    private Path file;

    record Recipe(DataRecipe data) {
    }

    @BeforeEach
    void name() {
        file = folder.resolve("my text.txt");
    }

    private static DataRecipe recipe(String... sets) {
        return Recipes.parse("test.yaml", "data:\n  tokens: 5000\n", List.of(sets), Recipe.class).data();
    }

    private static String decode(TokenSequence tokens) {
        int[] ids = new int[(int) tokens.length()];
        tokens.copy(0, ids, 0, ids.length);
        return new ByteTokenizer().decode(ids);
    }

    private Corpus open() {
        return Corpora.open(recipe("data.text=" + file));
    }

    private String refused(String... sets) {
        return assertThrows(InputException.class, () -> Corpora.open(recipe(sets))).getMessage();
    }

    @Test
    void storiesUnlessAPathIsGiven() throws IOException {
        Corpus stories = Corpora.open(recipe());
        assertEquals("stories", stories.name());
        assertTrue(stories.train().length() >= 5000);
        assertTrue(stories.generatorLoss().isPresent());
        Files.writeString(file, "0123456789");
        assertEquals("my text.txt", open().name());
        assertEquals(SamplerKind.WINDOWS, recipe().sampler());
        assertEquals(SamplerKind.CROPS, recipe("data.sampler=crops").sampler());
    }

    @Test
    void theRecipeIsWrittenOutAndReadBack() {
        Recipe recipe = new Recipe(recipe("data.text=x.txt", "data.sampler=crops"));
        assertEquals(recipe, Recipes.parse("again.yaml", Recipes.toYaml(recipe), List.of(), Recipe.class));
    }

    @Test
    void keysThatContradict() {
        assertTrue(refused("data.text=a", "data.ids=b", "data.vocabularySize=3").contains("data.ids"));
        assertTrue(refused("data.ids=b").contains("data.vocabularySize"));
        assertTrue(refused("data.vocabularySize=3").contains("data.vocabularySize"));
        assertTrue(refused("data.validationFraction=0").contains("data.validationFraction"));
        assertTrue(refused("data.validationFraction=1.1", "data.text=a").contains("data.validationFraction"));
        assertTrue(refused("data.validationFraction=0.9").contains("expected at most 0.5 of stories"));
        assertTrue(refused("data.sampler=window").contains("data.sampler"));
    }

    @Test
    void aFileIsOneTextSplitByCharacters() throws IOException {
        // 20 characters in 28 bytes; the split falls before the 19th.
        Files.writeString(file, "abc漢字def😀ghijklmno\né");
        Corpus corpus = open();
        assertEquals("abc漢字def😀ghijklmno", decode(corpus.train()));
        assertEquals("\né", decode(corpus.validation()));
        assertEquals(3, corpus.validationBytes());
        assertEquals(257, corpus.vocabularySize());
        assertTrue(corpus.generatorLoss().isEmpty());
        assertEquals(2.0, corpus.perByte(2).orElseThrow());
    }

    /** What is measured is all of it, in whatever form it is read, and there is nothing to train on. */
    @ParameterizedTest
    @ValueSource(strings = {"bytes", "position", "hash", "ids"})
    void allOfATextCanBeValidation(String how) throws IOException {
        Files.writeString(file, "abc漢字def");
        Path ids = folder.resolve("ids.bin");
        Files.write(ids, new byte[] {1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0});
        List<String> sets = new ArrayList<>(List.of("data.validationFraction=1"));
        sets.addAll(switch (how) {
            case "ids" -> List.of("data.ids=" + ids, "data.vocabularySize=3");
            case "bytes" -> List.of("data.text=" + file);
            default -> List.of("data.text=" + Files.writeString(folder.resolve("one.jsonl"), "{\"text\": \"abc漢字def\"}"), "data.split=" + how, "data.cache=" + folder.resolve("cache"));
        });
        Corpus corpus = Corpora.open(recipe(sets.toArray(String[]::new)));
        assertEquals(0, corpus.train().length());
        assertEquals(switch (how) {
            case "ids" -> 3;
            case "bytes" -> 12;
            default -> 13; // a document ends with the token for it
        }, corpus.validation().length());
        assertTrue(assertThrows(InputException.class, () -> Windows.first(corpus.train(), 1, 2, "training")).getMessage().startsWith("the corpus has 0 training tokens"));
    }

    @Test
    void theHashIsTheFiles() throws IOException {
        Files.writeString(file, "hello world, hello world");
        // printf 'hello world, hello world' | sha256sum
        assertEquals("7178a2646d496ce25034ec2626b2778b9c6ea2d970cd6c7a01ed43de2008efc9", open().sha256());
    }

    @Test
    void endOfTextSpelledOutIsTheToken() throws IOException {
        Files.writeString(file, "one<|endoftext|>two two two two two two<|endoftext|>x");
        Corpus corpus = Corpora.open(recipe("data.text=" + file, "data.validationFraction=0.4"));
        assertEquals(ByteTokenizer.END_OF_TEXT, corpus.train().at(3));
        // The split counts the 53 characters of the file: 31 are one<|endoftext|>two two two two.
        assertEquals(19, corpus.train().length());
        assertEquals(ByteTokenizer.END_OF_TEXT, corpus.validation().at(corpus.validation().length() - 2));
        assertEquals(corpus.validation().length() - 1, corpus.validationBytes());
    }

    @Test
    void aFolderIsItsFilesInOrderEachEnded() throws IOException {
        Path texts = Files.createDirectories(folder.resolve("texts/b"));
        Files.writeString(texts.resolve("z.txt"), "third");
        Files.writeString(texts.resolveSibling("b.txt"), "second");
        Files.writeString(texts.resolveSibling("a.txt"), "first");
        Files.writeString(texts.resolveSibling("empty"), "");
        Files.write(texts.resolveSibling(".hidden"), new byte[] {(byte) 0xFF});
        Corpus corpus = Corpora.open(recipe("data.text=" + texts.getParent(), "data.validationFraction=0.5"));
        assertEquals("first<|endoftext|>second<|endoftext|>third<|endoftext|>",
                decode(corpus.train()) + decode(corpus.validation()));
        assertEquals(9, corpus.train().length());
        assertEquals("texts", corpus.name());
    }

    @Test
    void malformedUtf8NamesFileAndByte() throws IOException {
        byte[] bytes = "é".repeat(20_000).getBytes(java.nio.charset.StandardCharsets.UTF_8);
        bytes[30_001] = (byte) 'x';
        Files.write(file, bytes);
        assertTrue(refused("data.text=" + file).contains("my text.txt: not UTF-8 at byte offset 30000 (0xC3)"));
        for (int[] bad : new int[][] {{0xC0, 0x80}, {0xED, 0xA0, 0x80}, {0xF4, 0x90, 0x80, 0x80}, {'a', 0xE2, 0x82}, {0xFF}}) {
            byte[] raw = new byte[bad.length];
            for (int i = 0; i < bad.length; i++) {
                raw[i] = (byte) bad[i];
            }
            Files.write(file, raw);
            assertTrue(refused("data.text=" + file).contains("byte offset " + (bad[0] == 'a' ? 1 : 0)));
            assertTrue(refused("data.text=" + folder).contains("my text.txt"));
        }
    }

    @Test
    void missingEmptyAndTooShort() throws IOException {
        assertTrue(refused("data.text=" + file).contains("my text.txt: no such file"));
        Files.writeString(file, "");
        assertTrue(refused("data.text=" + file).contains("my text.txt: holds no text"));
        assertTrue(refused("data.text=" + folder).contains(": holds no text; expected files"));
        Files.writeString(file, "x");
        assertTrue(refused("data.text=" + file).contains("1 characters are too few"));
    }

    @Test
    void idsAsTheyAre() throws IOException {
        writeIds(5, 0, 511, 7, 7, 7, 7, 7, 7, 3);
        Corpus corpus = Corpora.open(recipe("data.ids=" + file, "data.vocabularySize=512"));
        assertEquals(9, corpus.train().length());
        assertEquals(511, corpus.train().at(2));
        assertEquals(3, corpus.validation().at(0));
        assertEquals(512, corpus.vocabularySize());
        assertTrue(corpus.tokenizer().isEmpty() && corpus.perByte(1).isEmpty());
        assertTrue(refused("data.ids=" + file, "data.vocabularySize=511").contains("id 511 at position 2; expected 0 to 510"));
        writeIds(1, -1);
        assertTrue(refused("data.ids=" + file, "data.vocabularySize=9").contains("id -1 at position 1"));
        Files.write(file, new byte[7]);
        assertTrue(refused("data.ids=" + file, "data.vocabularySize=9").contains("7 bytes; expected token ids"));
        Files.write(file, new byte[4]);
        assertTrue(refused("data.ids=" + file, "data.vocabularySize=9").contains("1 ids are too few"));
        assertTrue(refused("data.ids=" + folder, "data.vocabularySize=9").contains("is a folder"));
        assertTrue(refused("data.ids=" + folder.resolve("no"), "data.vocabularySize=9").contains("no such file"));
    }

    @Test
    void sequencesKeepTheirBounds() throws IOException {
        Files.writeString(file, "0123456789");
        writeAndCheck(open().train());
        writeIds(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        writeAndCheck(Corpora.open(recipe("data.ids=" + file, "data.vocabularySize=10")).train());
    }

    private static void writeAndCheck(TokenSequence train) {
        assertEquals(9, train.length());
        assertThrows(IndexOutOfBoundsException.class, () -> train.at(9));
        assertThrows(IndexOutOfBoundsException.class, () -> train.at(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> train.at(1L << 32));
        assertThrows(IndexOutOfBoundsException.class, () -> train.copy(5, new int[9], 0, 5));
        assertThrows(IndexOutOfBoundsException.class, () -> train.copy(0, new int[4], 0, 5));
    }

    private String[] sets(String... more) {
        return Stream.concat(Stream.of("data.text=" + file, "data.cache=" + folder.resolve("cache")), Stream.of(more)).toArray(String[]::new);
    }

    @Test
    void textByATokenizerIsKeptAsTokens() throws IOException {
        Path tokenizer = Fixtures.unpack("gpt2-style-512", folder);
        Files.writeString(file, "First Citizen:\nBefore we proceed any further, hear me speak.\n".repeat(20));
        Corpus bytes = open();
        assertFalse(Files.exists(folder.resolve("cache")), "plain text as bytes is not kept");
        Corpus corpus = Corpora.open(recipe(sets("data.tokenizer=" + tokenizer)));
        assertEquals(512, corpus.vocabularySize());
        assertEquals("my text.txt", corpus.name());
        Tokenizer pieces = corpus.tokenizer().orElseThrow();
        assertEquals(decode(bytes.train()), pieces.decode(ids(corpus.train())));
        assertEquals(decode(bytes.validation()), pieces.decode(ids(corpus.validation())));
        assertEquals(bytes.validationBytes(), corpus.validationBytes());
        assertTrue(corpus.train().length() < bytes.train().length() * 0.7);
        assertEquals(corpus.sha256(), Corpora.open(recipe(sets("data.tokenizer=" + tokenizer.resolve("tokenizer.json")))).sha256());
        assertNotEquals(corpus.sha256(), Corpora.open(recipe(sets("data.tokenizer=" + Fixtures.unpack("llama3-style-640", folder)))).sha256());
        assertTrue(refused(sets("data.tokenizer=" + folder.resolve("none.json"))).contains("data.tokenizer: "));
    }

    private static int[] ids(TokenSequence tokens) {
        int[] ids = new int[(int) tokens.length()];
        tokens.copy(0, ids, 0, ids.length);
        return ids;
    }

    @Test
    void theByteTokenizersOwnFileIsBytes() throws IOException {
        Files.writeString(file, "0123456789");
        Path tokenizer = folder.resolve("tokenizer.json");
        new ByteTokenizer().save(tokenizer);
        assertEquals(open().sha256(), Corpora.open(recipe(sets("data.tokenizer=" + tokenizer))).sha256());
    }

    @Test
    void jsonLinesAreDocumentsThatAreSplitByTheirHash() throws IOException {
        file = folder.resolve("x.jsonl");
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            lines.append("{\"body\":\"document ").append(i).append("\"}\n");
        }
        Files.writeString(file, lines);
        Corpus corpus = Corpora.open(recipe(sets("data.field=body", "data.validationFraction=0.3")));
        List<String> train = List.of(decode(corpus.train()).split("<\\|endoftext\\|>"));
        List<String> validation = List.of(decode(corpus.validation()).split("<\\|endoftext\\|>"));
        assertEquals(100, train.size() + validation.size());
        assertTrue(validation.size() > 15 && validation.size() < 45, validation.size() + " of 100");
        assertTrue(validation.stream().noneMatch(train::contains));
        Corpus byPosition = Corpora.open(recipe(sets("data.field=body", "data.validationFraction=0.3", "data.split=position")));
        assertTrue(decode(byPosition.validation()).endsWith("document 98<|endoftext|>document 99<|endoftext|>"));
        assertTrue(decode(byPosition.train()).startsWith("document 0<|endoftext|>document 1<|endoftext|>"));
        assertTrue(refused(sets()).contains("data.text: " + file + ": line 1: no field \"text\"; the fields there are: body"));
    }

    @Test
    void keysOfTextThatContradict() throws IOException {
        assertTrue(refused("data.tokenizer=x").contains("data.tokenizer"));
        assertTrue(refused("data.split=hash").contains("data.split"));
        assertTrue(refused(sets("data.split=random")).contains("data.split"));
        assertTrue(refused(sets("data.field=''")).contains("data.field"));
        Files.writeString(file, "0123456789");
        assertTrue(refused(sets("data.split=hash")).contains("data.split: hash divides documents"));
        assertEquals(recipe("data.text=x").withoutMachine(), recipe("data.text=x", "data.cache=y").withoutMachine());
    }

    private void writeIds(int... ids) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int id : ids) {
            bytes.putInt(id);
        }
        Files.write(file, bytes.array());
    }
}
