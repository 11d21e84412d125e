package org.lacuna.eval.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.fixtures.Fixtures;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;

class TextStreamTest {
    private static final ByteTokenizer BYTES = new ByteTokenizer();

    @TempDir
    Path folder;

    private static List<String> pieces(int[] tokens) {
        return pieces(BYTES, new int[0], tokens);
    }

    private static List<String> pieces(Tokenizer tokenizer, int[] before, int[] tokens) {
        TextStream stream = new TextStream(tokenizer, before);
        List<String> pieces = new ArrayList<>();
        Arrays.stream(tokens).forEach(token -> pieces.add(stream.add(token)));
        pieces.add(stream.end());
        return pieces;
    }

    @Test
    void aCharacterComesWhenItIsWhole() {
        assertEquals(List.of("a", "", "é", "", "", "", "😀", "b", ""), pieces(BYTES.encode("aé😀b")));
        assertEquals(List.of("", "", "", "�", "😀", ""), pieces(new int[] {0xFF, 0xF0, 0x9F, 0x98, 0x80}), "after a byte that is no text");
    }

    @Test
    void allPiecesAreTheTextWhateverTheBytes() {
        int[] starts = {'a', 0x80, 0xBF, 0xC2, 0xC3, 0xE2, 0x82, 0xED, 0xA0, 0xEF, 0xBD, 0xF0, 0x9F, 0x98, 0x80, 0xF4, 0x90, 0xFF, 256};
        Random random = new Random(5);
        for (int round = 0; round < 20_000; round++) {
            int[] tokens = random.ints(1 + random.nextInt(12), 0, starts.length).map(i -> starts[i]).toArray();
            assertEquals(BYTES.decode(tokens), String.join("", pieces(tokens)), () -> Arrays.toString(tokens));
        }
    }

    @Test
    void whatIsNoTextIsNotHeldForEver() {
        int[] tokens = new int[1000];
        Arrays.fill(tokens, 0xFF);
        List<String> pieces = pieces(tokens);
        assertEquals("�", pieces.get(999));
        assertEquals("�".repeat(1000), String.join("", pieces));
    }

    /** As Llama 2's: spaces are U+2581, one is put in front of a text and taken off again, what is unknown is spelled in bytes. */
    private Tokenizer metaspace() {
        ObjectNode root = Json.object();
        root.putArray("added_tokens").addObject().put("id", 0).put("content", "</s>").put("special", true).put("normalized", false)
                .put("single_word", false).put("lstrip", false).put("rstrip", false);
        ArrayNode normalizers = root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
        normalizers.addObject().put("type", "Prepend").put("prepend", "▁");
        normalizers.addObject().put("type", "Replace").put("content", "▁").putObject("pattern").put("String", " ");
        ArrayNode decoders = root.putObject("decoder").put("type", "Sequence").putArray("decoders");
        decoders.addObject().put("type", "Replace").put("content", " ").putObject("pattern").put("String", "▁");
        decoders.addObject().put("type", "ByteFallback");
        decoders.addObject().put("type", "Fuse");
        decoders.addObject().put("type", "Strip").put("content", " ").put("start", 1).put("stop", 0);
        ObjectNode model = root.putObject("model").put("type", "BPE").put("byte_fallback", true).put("unk_token", "</s>");
        ObjectNode vocabulary = model.putObject("vocab").put("</s>", 0);
        for (int value = 0; value < 256; value++) {
            vocabulary.put(String.format("<0x%02X>", value), vocabulary.size());
        }
        for (String token : List.of("▁", "a", "b", "▁a", "▁b", "▁▁", "é")) {
            vocabulary.put(token, vocabulary.size());
        }
        ArrayNode merges = model.putArray("merges");
        merges.addArray().add("▁").add("a");
        merges.addArray().add("▁").add("b");
        merges.addArray().add("▁").add("▁");
        Path file = folder.resolve("tokenizer.json");
        AtomicFiles.write(file, root.toString());
        return Tokenizers.load(file);
    }

    @Test
    void aDecoderThatTakesASpaceOffTheFirstTokenKeepsThoseOfTheOthers() {
        Tokenizer llama = metaspace();
        String text = "a b  aé ab 😀 b";
        int[] ids = llama.encode(text);
        assertEquals(text, llama.decode(ids));
        assertEquals(text, String.join("", pieces(llama, new int[0], ids)));
        assertEquals(List.of("a", " b", ""), pieces(llama, new int[0], llama.encode("a b")));
        assertEquals(List.of("", "", "", "😀", " b", ""), pieces(llama, llama.encode("a"), Arrays.copyOfRange(llama.encode("a😀 b"), 1, 6)));
        for (int cut = 0; cut <= ids.length; cut++) {
            int[] before = Arrays.copyOf(ids, cut);
            int[] after = Arrays.copyOfRange(ids, cut, ids.length);
            if (!llama.decode(before).contains("�")) {
                assertEquals(text, llama.decode(before) + String.join("", pieces(llama, before, after)), "after " + cut);
            }
        }
    }

    @Test
    void tokensOfSeveralBytesComeOutAsTheyAreWhole() {
        Tokenizer tokenizer = Tokenizers.load(Fixtures.unpack("gpt2-style-512", folder).resolve("tokenizer.json"));
        Random random = new Random(7);
        for (int round = 0; round < 2000; round++) {
            int[] tokens = random.ints(1 + random.nextInt(16), 0, tokenizer.vocabularySize()).toArray();
            assertEquals(tokenizer.decode(tokens), String.join("", pieces(tokenizer, new int[0], tokens)), () -> Arrays.toString(tokens));
        }
    }
}
