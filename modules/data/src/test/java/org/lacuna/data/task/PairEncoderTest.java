package org.lacuna.data.task;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.data.task.PairEncoder.Pair;
import org.lacuna.data.task.TaskDocument.Prompt;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.fixtures.Fixtures;

class PairEncoderTest {
    @TempDir
    Path folder;

    private final Tokenizer bytes = new ByteTokenizer();

    private static int[] utf8(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int[] ids = new int[bytes.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = bytes[i] & 0xFF;
        }
        return ids;
    }

    @Test
    void whiteSpaceAtTheContextsEndIsScored() {
        Pair pair = new PairEncoder(bytes).pair(new Prompt("It is \n\u00a0", "so"));
        assertArrayEquals(utf8("It is"), pair.context());
        assertArrayEquals(utf8(" \n\u00a0so"), pair.continuation());
    }

    @Test
    void withoutAContextTheEndOfATextStandsInFront() {
        PairEncoder encoder = new PairEncoder(bytes);
        int end = bytes.endOfText().getAsInt();
        assertArrayEquals(new int[] {end}, encoder.pair(new Prompt("", "so")).context());
        assertArrayEquals(utf8("so"), encoder.pair(new Prompt("", "so")).continuation());
        Pair blank = encoder.pair(new Prompt("  ", "so"));
        assertArrayEquals(new int[] {end}, blank.context());
        assertArrayEquals(utf8("  so"), blank.continuation());
        String spelled = bytes.decode(new int[] {end});
        if (Arrays.equals(new int[] {end}, bytes.encode(spelled))) {
            Pair begun = encoder.pair(new Prompt("", spelled + "so"));
            assertArrayEquals(new int[] {end}, begun.context());
            assertArrayEquals(utf8("so"), begun.continuation());
        }
    }

    @Test
    void aBeginOfTextStandsInFrontOnce() {
        Tokenizer llama = Tokenizers.load(Fixtures.unpack("llama3-style-640", folder).resolve("tokenizer.json"));
        int begin = llama.beginOfText().getAsInt();
        PairEncoder encoder = new PairEncoder(llama);
        Pair plain = encoder.pair(new Prompt("The cat", " sat"));
        assertArrayEquals(llama.encodeWithSpecial("The cat"), plain.context());
        assertEquals(begin, plain.context()[0]);
        assertArrayEquals(llama.encode("The cat sat"), concatenated(Arrays.copyOfRange(plain.context(), 1, plain.context().length), plain.continuation()));
        Pair spelled = encoder.pair(new Prompt(llama.decode(new int[] {begin}) + "The cat", " sat"));
        assertArrayEquals(plain.context(), spelled.context());
        assertArrayEquals(plain.continuation(), spelled.continuation());
        Pair without = encoder.pair(new Prompt("", llama.decode(new int[] {begin}) + " sat"));
        assertArrayEquals(new int[] {begin}, without.context());
        assertArrayEquals(llama.encode(" sat"), without.continuation());
        assertArrayEquals(new int[] {begin}, encoder.context(""));
        List<Pair> windows = encoder.windows("The cat sat", 100);
        assertEquals(1, windows.size());
        assertArrayEquals(new int[] {begin}, windows.get(0).context());
        assertArrayEquals(llama.encode("The cat sat"), windows.get(0).continuation());
    }

    private static int[] concatenated(int[] a, int[] b) {
        int[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    /** The example in the harness' documentation of loglikelihood_rolling: tokens 0 to 9, four at once, prefix −1. */
    @Test
    void windowsAreThoseOfTheHarnessExample() {
        int[] ids = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
        List<Pair> windows = PairEncoder.windows(ids, new int[] {-1}, 4);
        assertEquals(3, windows.size());
        int[][] inputs = {{-1, 0, 1, 2}, {3, 4, 5, 6}, {5, 6, 7, 8}};
        int[][] scored = {{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9}};
        for (int i = 0; i < 3; i++) {
            Request request = Request.scored(0, i, windows.get(i).context(), windows.get(i).continuation(), 4);
            assertArrayEquals(inputs[i], request.input());
            assertArrayEquals(scored[i], request.continuation());
        }
        assertEquals(List.of(), PairEncoder.windows(new int[0], new int[] {-1}, 4));
    }

    @Test
    void windowsScoreEachTokenOnceWithinTheModelsLength() {
        for (int length = 1; length < 30; length++) {
            int[] ids = IntStream.range(0, length).toArray();
            for (int most = 1; most < 12; most++) {
                int next = 0;
                for (Pair window : PairEncoder.windows(ids, new int[] {-1}, most)) {
                    Request request = Request.scored(0, 0, window.context(), window.continuation(), most);
                    assertEquals(Math.min(most, length), request.input().length);
                    for (int i = 0; i < window.continuation().length; i++) {
                        assertEquals(next, window.continuation()[i]);
                        // What predicts a token is the one before it.
                        assertEquals(next - 1, request.input()[request.input().length - window.continuation().length + i]);
                        next++;
                    }
                }
                assertEquals(length, next);
            }
        }
    }
}
