package org.lacuna.data.tokenize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.run.InputException;

class SpecialTokensTest {
    @TempDir
    Path temporary;

    private Path folder;

    @BeforeEach
    void unpack() {
        folder = Fixtures.unpack("llama3-style-640", temporary);
    }

    private Tokenizer load() {
        return Tokenizers.load(folder.resolve("tokenizer.json"));
    }

    private void write(String name, String json) throws IOException {
        Files.writeString(folder.resolve(name), json.replace('\'', '"'));
    }

    @Test
    void theFirstFileThatTellsCounts() throws IOException {
        write("generation_config.json", "{'bos_token_id': 1, 'eos_token_id': [637, 639], 'pad_token_id': 2}");
        assertEquals(OptionalInt.of(637), load().endOfText());
        assertEquals(OptionalInt.of(1), load().beginOfText());
        assertEquals(OptionalInt.of(2), load().padding());
        write("config.json", "{'eos_token_id': 638, 'pad_token_id': null, 'bos_token_id': 640}");
        assertEquals(OptionalInt.of(638), load().endOfText());
        assertEquals(OptionalInt.of(1), load().beginOfText(), "640 is outside of the vocabulary");
        assertEquals(OptionalInt.of(2), load().padding());
        write("special_tokens_map.json", "{'eos_token': {'content': '<|eot_id|>', 'lstrip': false}, 'unk_token': '!'}");
        assertEquals(OptionalInt.of(639), load().endOfText());
        assertEquals(OptionalInt.of(0), load().unknown());
        write("tokenizer_config.json", "{'eos_token': '<|end_of_text|>', 'bos_token': '<no such token>', 'pad_token': null, 'unk_token': ''}");
        assertEquals(OptionalInt.of(636), load().endOfText());
        assertEquals(OptionalInt.of(1), load().beginOfText());
        assertEquals(OptionalInt.of(0), load().unknown());
    }

    @Test
    void damagedFilesAreNamed() throws IOException {
        write("tokenizer_config.json", "{");
        assertTrue(assertThrows(InputException.class, this::load).getMessage().startsWith(folder.resolve("tokenizer_config.json") + ": not valid JSON"));
    }

    /** A file may give an added token another id than the library, which counts on from its vocabulary. */
    @Test
    void idsAreThoseThatTheLibraryGives() throws IOException {
        String json = Files.readString(folder.resolve("tokenizer.json"));
        String renumbered = json.replaceFirst("\"id\": 639,\n      \"content\": \"<\\|eot_id\\|>\"", "\"id\": 700,\n      \"content\": \"<|eot_id|>\"");
        assertTrue(!renumbered.equals(json));
        Files.writeString(folder.resolve("tokenizer.json"), renumbered);
        write("tokenizer_config.json", "{'eos_token': '<|eot_id|>'}");
        Tokenizer tokenizer = load();
        assertArrayEquals(new int[] {639}, tokenizer.encode("<|eot_id|>"));
        assertEquals(OptionalInt.of(639), tokenizer.endOfText());
        assertEquals(640, tokenizer.vocabularySize());
    }

    @Test
    void othersThanBytePairsAreRead() throws IOException {
        write("tokenizer.json", """
                {"added_tokens": [{"id": 1, "content": "[SEP]", "special": true, "normalized": false, "single_word": false, "lstrip": false, "rstrip": false},
                                  {"id": 2, "content": "[CLS]", "special": true, "normalized": false, "single_word": false, "lstrip": false, "rstrip": false}],
                 "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
                 "pre_tokenizer": {"type": "BertPreTokenizer"},
                 "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 1], "cls": ["[CLS]", 2]},
                 "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
                 "model": {"unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                           "vocab": {"[UNK]": 0, "[SEP]": 1, "[CLS]": 2, "play": 3, "##ing": 4, ".": 5}}}
                """);
        Tokenizer pieces = load();
        assertArrayEquals(new int[] {2, 3, 4, 5, 0, 1}, pieces.encodeWithSpecial("Playing. x"));
        assertArrayEquals(new int[] {3, 4, 5}, pieces.encode("Playing."));
        assertArrayEquals(new int[] {2}, pieces.leading());
        assertEquals("playing.", pieces.decode(new int[] {3, 4, 5}));
        assertEquals(OptionalInt.of(0), pieces.unknown());
        assertEquals(OptionalInt.empty(), pieces.endOfText());
        write("tokenizer.json", """
                {"added_tokens": [{"id": 0, "content": "<unk>", "special": true, "normalized": false, "single_word": false, "lstrip": false, "rstrip": false},
                                  {"id": 1, "content": "</s>", "special": true, "normalized": false, "single_word": false, "lstrip": false, "rstrip": false}],
                 "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
                 "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
                 "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": false,
                           "vocab": [["<unk>", 0.0], ["</s>", 0.0], ["▁a", -1.0], ["b", -2.0], ["▁ab", -2.5], ["▁", -4.0]]}}
                """);
        Tokenizer unigram = load();
        assertArrayEquals(new int[] {4, 4, 3}, unigram.encode("ab abb"));
        assertEquals("ab abb", unigram.decode(unigram.encode("ab abb")));
        assertEquals(OptionalInt.of(0), unigram.unknown());
        assertEquals(OptionalInt.of(1), unigram.endOfText());
        assertArrayEquals(new int[] {1}, unigram.prefix());
        assertEquals(6, unigram.vocabularySize());
    }
}
