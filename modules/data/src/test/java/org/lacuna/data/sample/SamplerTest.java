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
import java.util.Arrays;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lacuna.data.Batch;
import org.lacuna.data.IdTokens;
import org.lacuna.run.InputException;

class SamplerTest {

    /** Token i is i, so a window shows where it is from. */
    private static IdTokens counting(int length) {
        return new IdTokens(IntStream.range(0, length).toArray(), 0, length);
    }

    private static void assertConsecutive(Batch batch) {
        assertEquals(batch.inputs().length, batch.scored());
        for (int i = 0; i < batch.inputs().length; i++) {
            assertEquals(batch.inputs()[i] + 1, batch.targets()[i]);
            if (i % batch.length() != 0) {
                assertEquals(batch.inputs()[i - 1] + 1, batch.inputs()[i]);
            }
        }
    }

    @Test
    void windowsComeOnceAnEpochInAnotherOrder() {
        // 61 tokens: 12 windows of 5 and the target of the last one.
        WindowSampler sampler = new WindowSampler(counting(61), 4, 5, 7);
        int[][] epochs = new int[2][12];
        for (int[] epoch : epochs) {
            for (int b = 0; b < 3; b++) {
                Batch batch = sampler.next();
                assertConsecutive(batch);
                for (int row = 0; row < 4; row++) {
                    epoch[b * 4 + row] = batch.inputs()[row * 5];
                }
            }
            assertArrayEquals(IntStream.range(0, 12).map(k -> 5 * k).toArray(), Arrays.stream(epoch).sorted().toArray());
        }
        assertNotEquals(Arrays.toString(epochs[0]), Arrays.toString(epochs[1]));
    }

    @Test
    void aBatchGoesAcrossTheEdgeOfAnEpoch() {
        WindowSampler sampler = new WindowSampler(counting(60), 4, 5, 7);
        TreeSet<Integer> first = new TreeSet<>();
        for (int b = 0; b < 3; b++) {
            Batch batch = sampler.next();
            assertConsecutive(batch);
            for (int row = 0; row < 4 && b * 4 + row < 11; row++) {
                first.add(batch.inputs()[row * 5]);
            }
        }
        assertEquals(11, first.size(), "60 tokens hold 11 windows with a target");
        assertEquals(1, sampler.state().get("epoch").intValue());
        assertEquals(1, sampler.state().get("position").intValue());
    }

    @Test
    void cropsStartAnywhere() {
        CropSampler sampler = new CropSampler(counting(20), 3, 5, 7);
        TreeSet<Integer> offsets = new TreeSet<>();
        for (int i = 0; i < 200; i++) {
            Batch batch = sampler.next();
            assertConsecutive(batch);
            for (int row = 0; row < 3; row++) {
                offsets.add(batch.inputs()[row * 5]);
            }
        }
        assertEquals(new TreeSet<>(IntStream.range(0, 15).boxed().toList()), offsets);
    }

    @ParameterizedTest
    @EnumSource(SamplerKind.class)
    void goesOnFromASavedCursor(SamplerKind kind) throws JsonProcessingException {
        ObjectMapper json = new ObjectMapper();
        // Every place: mid-epoch, at its edge (after 3 and 6 batches of 4 rows out of 12 windows), and beyond.
        for (int done = 0; done <= 8; done++) {
            Sampler original = kind.over(counting(61), 4, 5, -3);
            for (int i = 0; i < done; i++) {
                original.next();
            }
            String saved = json.writeValueAsString(original.state());
            Sampler resumed = kind.over(counting(61), 4, 5, -3);
            resumed.next();
            resumed.restore(json.readTree(saved));
            assertEquals(saved, json.writeValueAsString(resumed.state()));
            for (int i = 0; i < 8; i++) {
                Batch expected = original.next();
                Batch actual = resumed.next();
                assertArrayEquals(expected.inputs(), actual.inputs());
                assertArrayEquals(expected.targets(), actual.targets());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(SamplerKind.class)
    void refusesTheCursorOfAnotherRun(SamplerKind kind) {
        Sampler sampler = kind.over(counting(61), 4, 5, 1);
        assertRefused(sampler, kind.over(counting(61), 4, 5, 2).state(), "seed was 2");
        assertRefused(sampler, kind.over(counting(62), 4, 5, 1).state(), "tokens was 62");
        assertRefused(sampler, kind.over(counting(61), 4, 6, 1).state(), "length was 6");
        SamplerKind other = kind == SamplerKind.CROPS ? SamplerKind.WINDOWS : SamplerKind.CROPS;
        assertRefused(sampler, other.over(counting(61), 4, 5, 1).state(), "sampler");
        ObjectNode broken = sampler.state().deepCopy();
        broken.put("position", 13).put("random", "no number");
        assertRefused(sampler, broken, kind == SamplerKind.CROPS ? "random is 'no number'" : "position is 13");
    }

    private static void assertRefused(Sampler sampler, JsonNode state, String part) {
        JsonNode before = sampler.state();
        String message = assertThrows(InputException.class, () -> sampler.restore(state)).getMessage();
        assertTrue(message.contains(part), message);
        assertEquals(before, sampler.state());
    }

    @Test
    void validationWindowsAreTheFirstOnes() {
        Batch batch = Windows.first(counting(11), 2, 5);
        assertArrayEquals(IntStream.range(0, 10).toArray(), batch.inputs());
        assertArrayEquals(IntStream.range(1, 11).toArray(), batch.targets());
        Batch second = batch.rows(1, 2);
        assertArrayEquals(IntStream.range(5, 10).toArray(), second.inputs());
        assertArrayEquals(IntStream.range(6, 11).toArray(), second.targets());
        String message = assertThrows(InputException.class, () -> Windows.first(counting(10), 2, 5)).getMessage();
        assertTrue(message.contains("10 validation tokens") && message.contains("1 windows of 5"), message);
    }

    @ParameterizedTest
    @EnumSource(SamplerKind.class)
    void aCorpusShorterThanAWindowNamesBothSizes(SamplerKind kind) {
        kind.over(counting(6), 1, 5, 1).next();
        String message = assertThrows(InputException.class, () -> kind.over(counting(5), 1, 5, 1)).getMessage();
        assertTrue(message.contains("5 training tokens") && message.contains("window of 5"), message);
    }
}
