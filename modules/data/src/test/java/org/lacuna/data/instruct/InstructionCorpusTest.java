package org.lacuna.data.instruct;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lacuna.data.Batch;
import org.lacuna.data.Corpora;
import org.lacuna.data.Corpus;
import org.lacuna.data.DataRecipe;
import org.lacuna.data.Examples;
import org.lacuna.data.sample.SamplerKind;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.run.InputException;
import org.lacuna.run.recipe.Recipes;

class InstructionCorpusTest {
    private static final int END = ByteTokenizer.END_OF_TEXT;
    private static final int NONE = Batch.NOT_SCORED;

    @TempDir
    private Path temporary;

    record Recipe(DataRecipe data) {
    }

    private Path lines(String name, String... lines) throws IOException {
        return Files.writeString(temporary.resolve(name), String.join("\n", lines).replace('\'', '"') + "\n");
    }

    private static DataRecipe recipe(String... sets) {
        return Recipes.parse("test.yaml", "data: {}", List.of(sets), Recipe.class).data();
    }

    private static Corpus open(Path path, String... sets) {
        return Corpora.open(recipe(Stream.concat(Stream.of("data.instructions=" + path, "data.validationFraction=0.001"), Arrays.stream(sets))
                .toArray(String[]::new)));
    }

    private static Batch only(Corpus corpus, int window) {
        assertEquals(1, ((Examples) corpus.train()).count());
        return SamplerKind.WINDOWS.over(corpus.train(), 1, window, 1).next();
    }

    @Test
    void aCompletionAndTheEndAreScoredAndNothingElse() throws IOException {
        Batch batch = only(open(lines("a.jsonl", "", "{'prompt': 'ab', 'completion': 'c<|endoftext|>', 'id': 7}")), 7);
        assertArrayEquals(new int[] {'a', 'b', 'c', END, END, END, END}, batch.inputs());
        assertArrayEquals(new int[] {NONE, 'c', END, END, NONE, NONE, NONE}, batch.targets());
        assertEquals(3, batch.scored());
        assertArrayEquals(new int[] {'a', 'b', 'c', END}, only(open(temporary.resolve("a.jsonl")), 4).inputs(), "the last token is a target only");
    }

    @Test
    void whatTheTokenizerPutsInFrontOfATextStandsInFrontOfThePromptOnly() throws IOException {
        Path folder = Fixtures.unpack("llama3-style-640", temporary);
        Tokenizer tokenizer = Tokenizers.load(folder.resolve("tokenizer.json"));
        int[] prompt = tokenizer.encode("What is up, ");
        int[] completion = tokenizer.encode("doc?");
        Batch batch = only(open(lines("a.jsonl", "{'prompt': 'What is up, ', 'completion': 'doc?'}"), "data.tokenizer=" + folder), 32);
        int[] whole = joined(new int[] {635}, prompt, completion, new int[] {636});
        assertArrayEquals(Arrays.copyOf(whole, whole.length - 1), Arrays.copyOf(batch.inputs(), whole.length - 1));
        for (int i = 0; i < 32; i++) {
            assertEquals(i < prompt.length || i >= whole.length - 1 ? NONE : whole[i + 1], batch.targets()[i], "position " + i);
        }
        Batch bare = only(open(lines("a.jsonl", "{'prompt': '', 'completion': 'doc?'}"), "data.tokenizer=" + folder), 32);
        assertEquals(completion[0], bare.targets()[0], "the beginning of a text predicts it");
    }

    private static int[] joined(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(IntStream::of).toArray();
    }

    @Test
    void eachAnswerOfAConversationIsScoredWithItsEnd() throws IOException {
        Path folder = Fixtures.unpack("llama3-style-640", temporary);
        Files.writeString(folder.resolve("chat_template.jinja"), ChatTemplateTest.resource("headers"));
        Tokenizer tokenizer = Tokenizers.load(folder.resolve("tokenizer.json"));
        Path file = lines("a.jsonl", "{'messages': [{'role': 'system', 'content': 'S'}, {'role': 'user', 'content': 'Hi'}, {'role': 'assistant', 'content': 'Hello you.', 'name': null},"
                + " {'role': 'user', 'content': 'Bye'}, {'role': 'assistant', 'content': 'So long'}, {'role': 'user', 'content': '!'}]}");
        Batch batch = only(open(file, "data.tokenizer=" + folder), 120);
        // 635 begins a text, 637 and 638 are around a role, 639 ends a turn; no other tokens are special.
        int[] before = joined(new int[] {635, 637}, tokenizer.encode("system"), new int[] {638}, tokenizer.encode("\n\nToday: 26 Jul 2024\n\nS"), new int[] {639, 637},
                tokenizer.encode("user"), new int[] {638}, tokenizer.encode("\n\nHi"), new int[] {639, 637}, tokenizer.encode("assistant"), new int[] {638}, tokenizer.encode("\n\n"));
        int[] first = joined(tokenizer.encode("Hello you."), new int[] {639});
        int[] between = joined(new int[] {637}, tokenizer.encode("user"), new int[] {638}, tokenizer.encode("\n\nBye"), new int[] {639, 637}, tokenizer.encode("assistant"),
                new int[] {638}, tokenizer.encode("\n\n"));
        int[] second = joined(tokenizer.encode("So long"), new int[] {639});
        int[] whole = joined(before, first, between, second);
        int[] inputs = Arrays.copyOf(whole, 120);
        Arrays.fill(inputs, whole.length - 1, 120, 636);
        assertArrayEquals(inputs, batch.inputs());
        int[] targets = new int[120];
        Arrays.fill(targets, NONE);
        System.arraycopy(first, 0, targets, before.length - 1, first.length);
        System.arraycopy(second, 0, targets, before.length + first.length + between.length - 1, second.length);
        assertArrayEquals(targets, batch.targets());
    }

    @Test
    void aFolderHoldsFilesOfEveryCompressionAndPartsAreByTheWords() throws IOException {
        Path folder = Files.createDirectory(temporary.resolve("data"));
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            lines.append("{\"prompt\": \"").append(i).append("\", \"completion\": \"x\"}\n");
        }
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(folder.resolve("a.jsonl.gz")))) {
            out.write(lines.toString().getBytes(StandardCharsets.UTF_8));
        }
        Corpus corpus = open(folder, "data.validationFraction=0.3");
        int validation = ((Examples) corpus.validation()).count();
        assertEquals(200, ((Examples) corpus.train()).count() + validation);
        assertTrue(validation > 30 && validation < 90, "" + validation);
        Files.writeString(folder.resolve("b.jsonl"), lines.toString().replace("{", "{\"id\": 1,   "));
        Corpus twice = open(folder, "data.validationFraction=0.3");
        assertEquals(2 * validation, ((Examples) twice.validation()).count(), "the same words are in the same part");
        assertNotEquals(corpus.sha256(), twice.sha256());
        assertEquals(twice.sha256(), open(folder, "data.validationFraction=0.3").sha256());
    }

    @Test
    void longExamplesAreRefusedTogether() throws IOException {
        String line = "{'prompt': 'abc', 'completion': 'de'}";
        Path file = lines("a.jsonl", line, "{'prompt': 'abcdef', 'completion': 'g'}", line, "{'prompt': '', 'completion': 'abcdefghij'}");
        Corpus corpus = open(file);
        SamplerKind.WINDOWS.over(corpus.train(), 1, 11, 1);
        String message = assertThrows(InputException.class, () -> SamplerKind.WINDOWS.over(corpus.train(), 1, 6, 1)).getMessage();
        assertEquals("2 of 4 examples are longer than 6 tokens: " + file + ": line 2 (7), " + file + ": line 4 (11); take a window of 11, or shorten or remove them", message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {'prompt': 'a'}                                                  | line 2: has no "completion"
            {'prompt': 'a', 'completion': 1}                                 | line 2: its "completion" is no string
            {'text': 'a'}                                                    | line 2: has neither messages nor prompt and completion
            {'messages': [], 'prompt': 'a'}                                  | line 2: has messages, and a prompt or completion too
            [1]                                                              | line 2: is no JSON object
            {'prompt': 'a'                                                   | line 2: not valid JSON
            {'messages': 'a'}                                                | line 2: messages is not a list
            {'messages': [{'role': 'user', 'content': 'a'}]}                 | line 2: has no message of the assistant
            {'messages': [{'role': 'user', 'content': 'a'}, {'role': 'tool', 'content': 'b'}]} | line 2: message 2: its role is "tool"; expected one of system, user, assistant
            {'messages': [{'role': 'assistant', 'content': ['b']}]}          | line 2: message 1: its "content" is no string
            {'messages': [{'role': 'assistant', 'content': '', 'tool_calls': []}]} | line 2: message 1: has a field "tool_calls"
            {'messages': [{'role': 'assistant', 'content': 'b'}]}            | line 2: the tokenizer has no chat template
            {'prompt': 'a\\ud800', 'completion': 'b'}                        | line 2: the text holds half of a surrogate pair
            """)
    void whatIsWrongIsToldWithFileAndLine(String line, String problem) throws IOException {
        Path file = lines("a.jsonl", "{'prompt': 'p', 'completion': 'c'}", line);
        String message = assertThrows(InputException.class, () -> open(file)).getMessage();
        assertTrue(message.startsWith("data.instructions: " + file + ": " + problem), message);
    }

    @Test
    void anExampleWithoutAScoredTokenIsRefused() throws IOException {
        Path folder = Files.createDirectory(temporary.resolve("bytes"));
        new ByteTokenizer().save(folder.resolve("tokenizer.json"));
        Files.writeString(folder.resolve("chat_template.jinja"), "{% for m in messages %}{{ m.content }}{% endfor %}");
        String turns = "{'messages': [{'role': 'user', 'content': 'a'}, {'role': 'assistant', 'content': '%s'}]}";
        assertEquals(1, only(open(lines("a.jsonl", turns.formatted("b")), "data.tokenizer=" + folder), 4).scored());
        Path file = lines("a.jsonl", turns.formatted(""));
        String message = assertThrows(InputException.class, () -> open(file, "data.tokenizer=" + folder)).getMessage();
        assertTrue(message.startsWith("data.instructions: " + file + ": line 1: none of its tokens would be scored"), message);
    }

    @Test
    void otherFilesAndEmptyOnesAreRefused() throws IOException {
        assertTrue(assertThrows(InputException.class, () -> open(lines("a.txt", "x"))).getMessage().contains("a.txt: its name is not that of JSON lines"));
        assertTrue(assertThrows(InputException.class, () -> open(lines("b.jsonl", ""))).getMessage().contains("b.jsonl: holds no examples"));
        assertTrue(assertThrows(InputException.class, () -> open(temporary.resolve("c.jsonl"))).getMessage().contains("c.jsonl: no such file"));
    }

    @ParameterizedTest
    @CsvSource({"data.text=a, data.text is given too", "data.ids=a, data.ids is given too", "data.sampler=crops, crops cuts running text", "data.split=hash, only for data.text"})
    void keysThatDoNotGoTogetherAreRefused(String set, String problem) {
        String[] sets = set.startsWith("data.ids") ? new String[] {set, "data.vocabularySize=3", "data.instructions=b"} : new String[] {set, "data.instructions=b"};
        String message = assertThrows(InputException.class, () -> recipe(sets)).getMessage();
        assertTrue(message.contains(problem), message);
    }
}
