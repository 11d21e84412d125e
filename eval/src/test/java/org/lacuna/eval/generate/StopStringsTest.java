package org.lacuna.eval.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopStringsTest {
    @Test
    void whatMayBeginAStopIsHeldBack() {
        StopStrings stops = new StopStrings(List.of("\n\n", "User:"));
        assertEquals("Hello", stops.add("Hello"));
        assertEquals("", stops.add("\n"));
        assertEquals("\nUn", stops.add("Un"));
        assertEquals(" ", stops.add(" Use"));
        assertEquals("Use ", stops.add(" "));
        assertEquals("", stops.add("User"));
        assertFalse(stops.found());
        assertEquals("", stops.add(": more"));
        assertTrue(stops.found());
        assertEquals("", stops.add("and more"));
        assertEquals("", stops.end());
    }

    @Test
    void theRestComesWhenNothingFollows() {
        StopStrings stops = new StopStrings(List.of("abc"));
        assertEquals("x", stops.add("xab"));
        assertEquals("ab", stops.end());
        assertFalse(stops.found());
    }

    /** However a text is cut, what is shown is what stands before the first stop. */
    @Test
    void piecesDoNotMatter() {
        Random random = new Random(1);
        for (int round = 0; round < 2000; round++) {
            StringBuilder text = new StringBuilder();
            random.ints(20, 'a', 'd').forEach(c -> text.append((char) c));
            List<String> stops = List.of("abca", "bb", "cabc");
            int end = stops.stream().mapToInt(text::indexOf).filter(at -> at >= 0).min().orElse(text.length());
            // A stop that ends earlier than one that begins earlier is seen first when text comes letter by letter.
            StopStrings stream = new StopStrings(stops);
            StringBuilder shown = new StringBuilder();
            int from = 0;
            while (from < text.length() && !stream.found()) {
                int to = Math.min(text.length(), from + 1 + random.nextInt(4));
                shown.append(stream.add(text.substring(from, to)));
                from = to;
            }
            shown.append(stream.end());
            assertTrue(text.indexOf(shown.toString()) == 0 && shown.length() >= end, text + ": " + shown);
            assertEquals(stops.stream().anyMatch(s -> text.indexOf(s) >= 0), stream.found(), text.toString());
            assertTrue(stops.stream().noneMatch(s -> shown.indexOf(s) >= 0), text + ": " + shown);
        }
    }

    @Test
    void noStopsShowAll() {
        StopStrings stops = new StopStrings(List.of());
        assertEquals("anything", stops.add("anything"));
        assertThrows(IllegalArgumentException.class, () -> new StopStrings(List.of("")));
    }
}
