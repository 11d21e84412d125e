package org.lacuna.data.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lacuna.data.Batch;
import org.lacuna.data.Examples;
import org.lacuna.run.InputException;

class ExampleSamplerTest {
    private static final int PADDING = 99;
    private static final int LENGTH = 5;

    /** Example i is the tokens i, i, …, i + 1 to 4 of them in turn, and i + 50, which is scored. */
    private static Examples examples(int count) {
        List<int[]> tokens = new ArrayList<>();
        List<String> places = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] ids = new int[2 + i % 4];
            Arrays.fill(ids, i);
            ids[ids.length - 1] = i + 50 | Examples.SCORED;
            tokens.add(ids);
            places.add("line " + (i + 1));
        }
        return new Examples(tokens, places, PADDING);
    }

    private static Sampler sampler(int count, long seed) {
        return SamplerKind.WINDOWS.over(examples(count), 3, LENGTH, seed);
    }

    @Test
    void eachExampleIsARowOnceAnEpochAndPaddedOnTheRight() {
        Sampler sampler = sampler(9, 1);
        List<Integer> first = new ArrayList<>();
        List<Integer> second = new ArrayList<>();
        for (int step = 0; step < 6; step++) {
            Batch batch = sampler.next();
            assertEquals(3, batch.scored());
            for (int row = 0; row < 3; row++) {
                int id = batch.inputs()[row * LENGTH];
                (step < 3 ? first : second).add(id);
                for (int i = 0; i < LENGTH; i++) {
                    assertEquals(i <= id % 4 ? id : PADDING, batch.inputs()[row * LENGTH + i]);
                    assertEquals(i == id % 4 ? id + 50 : Batch.NOT_SCORED, batch.targets()[row * LENGTH + i]);
                }
            }
        }
        assertNotEquals(first, second);
        List<Integer> all = List.of(0, 1, 2, 3, 4, 5, 6, 7, 8);
        assertEquals(all, first.stream().sorted().toList());
        assertEquals(all, second.stream().sorted().toList());
    }

    @Test
    void goesOnFromASavedCursor() throws JsonProcessingException {
        ObjectMapper json = new ObjectMapper();
        // 7 examples in rows of 3: epochs end inside of batches.
        for (int done = 0; done <= 6; done++) {
            Sampler original = sampler(7, -3);
            for (int i = 0; i < done; i++) {
                original.next();
            }
            String saved = json.writeValueAsString(original.state());
            Sampler resumed = sampler(7, -3);
            resumed.next();
            resumed.restore(json.readTree(saved));
            assertEquals(saved, json.writeValueAsString(resumed.state()));
            for (int i = 0; i < 6; i++) {
                Batch expected = original.next();
                Batch actual = resumed.next();
                assertArrayEquals(expected.inputs(), actual.inputs());
                assertArrayEquals(expected.targets(), actual.targets());
            }
        }
    }

    @Test
    void refusesTheCursorOfAnotherRun() {
        Sampler sampler = sampler(7, 1);
        assertRefused(sampler, sampler(7, 2).state(), "seed was 2");
        assertRefused(sampler, sampler(8, 1).state(), "examples was 8");
        assertRefused(sampler, SamplerKind.WINDOWS.over(examples(7), 3, 6, 1).state(), "length was 6");
        ObjectNode other = sampler.state().deepCopy();
        assertRefused(sampler, other.put("sampler", "windows"), "saved by sampler 'windows'");
        ObjectNode beyond = sampler.state().deepCopy();
        assertRefused(sampler, beyond.put("position", 8), "position is 8");
    }

    private static void assertRefused(Sampler sampler, JsonNode state, String part) {
        JsonNode before = sampler.state();
        String message = assertThrows(InputException.class, () -> sampler.restore(state)).getMessage();
        assertTrue(message.contains(part), message);
        assertEquals(before, sampler.state());
    }

    @Test
    void validationIsTheFirstExamples() {
        Batch batch = Windows.first(examples(9), 2, LENGTH);
        assertArrayEquals(new int[] {0, PADDING, PADDING, PADDING, PADDING, 1, 1, PADDING, PADDING, PADDING}, batch.inputs());
        assertArrayEquals(new int[] {50, -1, -1, -1, -1, -1, 51, -1, -1, -1}, batch.targets());
        String message = assertThrows(InputException.class, () -> Windows.first(examples(1), 2, LENGTH)).getMessage();
        assertTrue(message.contains("there are 1 validation examples, but 2 are asked for"), message);
        assertTrue(assertThrows(InputException.class, () -> Windows.first(examples(4), 2, 3)).getMessage().contains("1 of 4 examples are longer than 3 tokens: line 4 (4)"));
        assertTrue(assertThrows(InputException.class, () -> sampler(0, 1)).getMessage().contains("no training examples"));
    }

    @Test
    void asASequenceExamplesStandOneAfterTheOther() {
        Examples examples = examples(3);
        int[] ids = new int[9];
        examples.copy(0, ids, 0, 9);
        assertArrayEquals(new int[] {0, 50, 1, 1, 51, 2, 2, 2, 52}, ids);
        assertEquals(9, examples.length());
        assertEquals(52, examples.largest());
        assertThrows(IndexOutOfBoundsException.class, () -> examples.at(9));
        assertThrows(IllegalArgumentException.class, () -> new Examples(List.of(new int[] {1, 2}), List.of("here"), 0), "nothing is scored");
    }
}
