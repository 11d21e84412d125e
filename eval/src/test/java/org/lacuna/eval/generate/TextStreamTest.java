package org.lacuna.eval.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.lacuna.data.tokenize.ByteTokenizer;

class TextStreamTest {
    private static final ByteTokenizer BYTES = new ByteTokenizer();

    private static List<String> pieces(int[] tokens) {
        TextStream stream = new TextStream(BYTES);
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
}
