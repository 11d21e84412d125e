package org.lacuna.data.tokenize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.run.folder.Json;

/** Every id and every decoded text that Hugging Face's {@code tokenizers} gave. */
class ReferenceTokenizersTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"gpt2-style-512", "llama3-style-640"})
    void idsAndTextsAreThoseOfTheLibrary(String name) throws IOException {
        Path files = Fixtures.unpack(name, folder);
        Tokenizer tokenizer = Tokenizers.load(files.resolve("tokenizer.json"));
        List<String> lines = Files.readAllLines(files.resolve("encodings.jsonl"));
        assertEquals(73, lines.size());
        for (String line : lines) {
            JsonNode expected = Json.parse(name, line);
            String text = expected.path("text").asText();
            int[] ids = ids(expected.path("ids"));
            assertArrayEquals(ids, tokenizer.encodeWithSpecial(text), text);
            assertArrayEquals(ids(expected.path("ids_without_bos")), tokenizer.encode(text), text);
            assertEquals(expected.path("decoded").asText(), tokenizer.decode(ids), text);
            assertEquals(expected.path("decoded_without_special").asText(), tokenizer.decodeWithoutSpecial(ids), text);
            assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
        }
    }

    private static int[] ids(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::intValue).toArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2-style-512", "llama3-style-640"})
    void isSavedAsItWas(String name) throws IOException {
        Path files = Fixtures.unpack(name, folder);
        Files.writeString(files.resolve("tokenizer_config.json"), "{ \"eos_token\":\t\"<|endoftext|>\" }");
        Files.writeString(files.resolve("special_tokens_map.json"), "{}\n\n");
        Path saved = Files.createDirectory(folder.resolve("saved"));
        Tokenizers.load(files.resolve("tokenizer.json")).save(saved.resolve("tokenizer.json"));
        for (String file : List.of("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")) {
            assertArrayEquals(Files.readAllBytes(files.resolve(file)), Files.readAllBytes(saved.resolve(file)), file);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2-style-512", "llama3-style-640"})
    void specialTokensAreFoundWithoutFilesThatNameThem(String name) {
        boolean llama = name.startsWith("llama3");
        Tokenizer tokenizer = Tokenizers.load(Fixtures.unpack(name, folder).resolve("tokenizer.json"));
        assertEquals(llama ? 640 : 512, tokenizer.vocabularySize());
        assertEquals(llama ? OptionalInt.of(635) : OptionalInt.empty(), tokenizer.beginOfText());
        assertEquals(OptionalInt.of(llama ? 636 : 511), tokenizer.endOfText());
        assertEquals(OptionalInt.empty(), tokenizer.padding());
        assertEquals(OptionalInt.empty(), tokenizer.unknown());
        assertArrayEquals(llama ? new int[] {635} : new int[0], tokenizer.leading());
        assertArrayEquals(new int[] {llama ? 635 : 511}, tokenizer.prefix());
    }
}
