package org.lacuna.data.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lacuna.data.Corpus;
import org.lacuna.data.story.StoryCorpus;
import org.lacuna.data.text.Characters;
import org.lacuna.data.tokenize.ByteTokenizer;
import org.lacuna.data.tokenize.Tokenizer;
import org.lacuna.data.tokenize.Tokenizers;
import org.lacuna.fixtures.Fixtures;

class PieceCutterTest {

    /** Gives a text in stretches of odd lengths, pairs whole. */
    private static Characters text(String text, int stretch) {
        return new Characters() {
            private int at;

            @Override
            public int read(char[] into, int offset, int count) {
                if (at == text.length()) {
                    return -1;
                }
                int end = Math.min(text.length(), at + Math.max(2, Math.min(count, stretch)));
                if (end < text.length() && Character.isHighSurrogate(text.charAt(end - 1))) {
                    end--;
                }
                text.getChars(at, end, into, offset);
                int read = end - at;
                at = end;
                return read;
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }

    private static List<String> cut(String text, int atLeast, int atMost) {
        List<String> pieces = new ArrayList<>();
        for (int stretch : new int[] {Integer.MAX_VALUE, 1000, 3}) {
            PieceCutter cutter = new PieceCutter(atLeast, atMost);
            cutter.start(text("of another text", 5));
            cutter.next();
            cutter.start(text(text, stretch));
            List<String> now = new ArrayList<>();
            for (String piece = cutter.next(); piece != null; piece = cutter.next()) {
                now.add(piece);
            }
            assertTrue(pieces.isEmpty() || pieces.equals(now), "pieces depend on how the text is read");
            pieces = now;
        }
        assertEquals(text, String.join("", pieces));
        assertTrue(pieces.stream().allMatch(piece -> !piece.isEmpty() && piece.length() <= atMost));
        return pieces;
    }

    @Test
    void atTheBeginningOfALine() {
        assertEquals(List.of("one two\n", "three\n", "4 five"), cut("one two\nthree\n4 five", 3, 12));
        // Not after white space, not before it, not before what is no letter or digit.
        assertEquals(List.of("one.\n", "Two \nthree\n\nfour\r\nfive\n.six\n", "seven"), cut("one.\nTwo \nthree\n\nfour\r\nfive\n.six\nseven", 3, 40));
        assertEquals(List.of("漢字。\n", "漢字"), cut("漢字。\n漢字", 3, 9));
        assertEquals(List.of(), cut("", 3, 9));
        assertEquals(List.of("short"), cut("short", 9, 20));
    }

    @Test
    void whereThereIsNoLineAtASpaceElseAtWhiteSpaceElseBetweenCharacters() {
        assertEquals(List.of("one two,  three", " four five six"), cut("one two,  three four five six", 8, 17));
        assertEquals(List.of("(one) (two)", "\t(three) (four)"), cut("(one) (two)\t(three) (four)", 7, 16));
        assertEquals(List.of("abcdefgh", "ijklmnop", "q"), cut("abcdefghijklmnopq", 4, 8));
        assertEquals(List.of("😀😀😀", "😀😀😀", "😀"), cut("😀".repeat(7), 4, 7));
        assertEquals(List.of("😀😀", "😀😀"), cut("😀".repeat(4), 2, 4));
    }

    private static String stories() {
        Corpus corpus = StoryCorpus.generate(5, 100_000, 0.1);
        int[] ids = new int[(int) corpus.train().length()];
        corpus.train().copy(0, ids, 0, ids.length);
        return corpus.tokenizer().orElseThrow().decode(ids);
    }

    /** Story text as it comes, and with all that is near the end of a line in prose and code. */
    private static List<String> texts() {
        String stories = stories();
        String[] ends = {"\n", "\n\n", "\r\n", " \n", "\n  ", "\t\n", ".\n", "…”\n", "\u00a0\n", "😀\n", "e\u0301\n", "'s\n", "12\n"};
        String[] words = stories.split("<\\|endoftext\\|>");
        StringBuilder mixed = new StringBuilder();
        for (int i = 0; i < words.length; i++) {
            mixed.append(words[i]).append(ends[i % ends.length]);
        }
        return List.of(stories.replace("<|endoftext|>", "\n"), mixed.toString(), stories.replace("<|endoftext|>", " "),
                mixed.toString().replace(". ", ".\n").replace("\" ", "\"\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2-style-512", "llama3-style-640"})
    void theTokensOfThePiecesAreThoseOfTheWhole(String name, @TempDir Path temporary) {
        Tokenizer tokenizer = Tokenizers.load(Fixtures.unpack(name, temporary).resolve("tokenizer.json"));
        for (String text : texts()) {
            List<String> pieces = cut(text, 700, 5000);
            assertTrue(pieces.size() > 15, pieces.size() + " pieces");
            int[] ids = pieces.stream().flatMapToInt(piece -> Arrays.stream(tokenizer.encode(piece))).toArray();
            assertEquals(shown(tokenizer.encode(text)), shown(ids));
        }
        assertEquals(new SafeCuts(true, true), SafeCuts.of(tokenizer));
        WordMemory memory = new WordMemory(tokenizer, true);
        for (int time = 0; time < 2; time++) {
            for (String text : texts()) {
                assertEquals(shown(tokenizer.encode(text)), shown(memory.encode(text)));
            }
        }
        assertEquals(0, memory.encode("").length);
        // The check can fail: most places are not such.
        String text = texts().get(0).substring(0, 300);
        long others = IntStream.range(1, 300).filter(place -> !shown(tokenizer.encode(text)).equals(shown(tokenizer.encode(text.substring(0, place)))
                + " " + shown(tokenizer.encode(text.substring(place))))).count();
        assertTrue(others > 100, others + " of 299 places");
    }

    /** Bytes, with one more token for one text, or something before each text. */
    private static Tokenizer bytesAnd(String token, int[] before) {
        Tokenizer bytes = new ByteTokenizer();
        return (Tokenizer) Proxy.newProxyInstance(PieceCutterTest.class.getClassLoader(), new Class<?>[] {Tokenizer.class}, (proxy, method, arguments) -> {
            if (method.getName().equals("vocabularySize")) {
                return 258;
            }
            if (method.getName().equals("decode") && ((int[]) arguments[0])[0] == 257) {
                return token;
            }
            Object result = method.invoke(bytes, arguments);
            return method.getName().equals("encode") ? IntStream.concat(Arrays.stream(before), Arrays.stream((int[]) result)).toArray() : result;
        });
    }

    @Test
    void aTokenizerThatMindsIsAskedForLongPiecesOnly() {
        assertEquals(new SafeCuts(true, true), SafeCuts.of(new ByteTokenizer()));
        assertEquals(new SafeCuts(true, true), SafeCuts.of(bytesAnd(" the", new int[0])));
        assertEquals(new SafeCuts(true, false), SafeCuts.of(bytesAnd("of the", new int[0])));
        assertEquals(new SafeCuts(true, false), SafeCuts.of(bytesAnd("end\n", new int[0])));
        assertEquals(new SafeCuts(false, false), SafeCuts.of(bytesAnd(".\nThe", new int[0])));
        assertEquals(new SafeCuts(false, false), SafeCuts.of(bytesAnd(" the", new int[] {' '})));
    }

    private static String shown(int[] ids) {
        return Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(" "));
    }
}
