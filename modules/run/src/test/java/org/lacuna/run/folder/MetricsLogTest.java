package org.lacuna.run.folder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.InputException;

class MetricsLogTest {
    @TempDir
    Path folder;
    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("metrics.jsonl");
    }

    @Test
    void numbersComeBackToTheSameBits() {
        Random random = new Random(1);
        List<Double> doubles = new ArrayList<>(List.of(0.0, -0.0, Double.MIN_VALUE, Double.MAX_VALUE, 0.1, 2e-3, 1.0 / 3));
        List<Float> floats = new ArrayList<>(List.of(-0.0f, Float.MIN_VALUE, 0.1f));
        while (doubles.size() < 2000) {
            double x = Double.longBitsToDouble(random.nextLong());
            if (Double.isFinite(x)) {
                doubles.add(x);
                floats.add((float) random.nextGaussian());
            }
        }
        try (MetricsLog log = MetricsLog.open(file)) {
            for (int i = 0; i < doubles.size(); i++) {
                log.append(Json.object().put("step", i).put("loss", doubles.get(i)).put("f", floats.get(i % floats.size())));
            }
        }
        List<JsonNode> lines = MetricsLog.read(file);
        for (int i = 0; i < doubles.size(); i++) {
            assertEquals(Double.doubleToRawLongBits(doubles.get(i)), Double.doubleToRawLongBits(lines.get(i).get("loss").doubleValue()));
            assertEquals(floats.get(i % floats.size()), (float) lines.get(i).get("f").doubleValue());
        }
    }

    @Test
    void eachWholeLineIsTakenInTurn() throws IOException {
        for (String end : List.of("", "{\"step\":3", "{\"step\":3}\n")) {
            Files.writeString(file, "{\"step\":1}\n{\"step\":2}\n" + end);
            List<JsonNode> taken = new ArrayList<>();
            MetricsLog.each(file, taken::add);
            assertEquals(MetricsLog.read(file), taken);
            assertEquals(end.endsWith("\n") ? 3 : 2, taken.size());
        }
        Files.writeString(file, "{\"step\":1}\n{}\n");
        InputException e = assertThrows(InputException.class, () -> MetricsLog.each(file, line -> {}));
        assertTrue(e.getMessage().startsWith(file + ":2: "), e.getMessage());
    }

    @Test
    void resumingDropsLaterStepsAndAHalfLine() throws IOException {
        try (MetricsLog log = MetricsLog.open(file)) {
            for (int step = 1; step <= 5; step++) {
                log.append(Json.object().put("step", step).put("loss", 1.0 / step));
                log.append(Json.object().put("step", step).put("kind", "validation"));
            }
            log.force();
        }
        String whole = Files.readString(file);
        Files.writeString(file, whole + "{\"step\":6,\"lo");
        String threeSteps = whole.substring(0, whole.indexOf("{\"step\":4"));
        try (MetricsLog log = MetricsLog.truncateAfter(file, 3)) {
            assertEquals(threeSteps, Files.readString(file));
            log.append(Json.object().put("step", 4));
        }
        assertEquals(threeSteps + "{\"step\":4}\n", Files.readString(file));

        Files.writeString(file, whole + "{\"step\":6}");
        MetricsLog.truncateAfter(file, 100).close();
        assertEquals(whole, Files.readString(file));
        MetricsLog.truncateAfter(folder.resolve("new.jsonl"), 0).close();
        assertEquals("", Files.readString(folder.resolve("new.jsonl")));
    }

    @Test
    void aLineMayBeCutOffWithinACharacter() throws IOException {
        String line = "{\"step\":1,\"sample\":\"\u20ac\"}\n";
        byte[] two = (line + line).getBytes(StandardCharsets.UTF_8);
        int one = two.length / 2;
        for (int length = one; length < two.length; length++) {
            Files.write(file, Arrays.copyOf(two, length));
            assertEquals(1, MetricsLog.read(file).size(), "cut at " + length);
            MetricsLog.truncateAfter(file, 1).close();
            assertEquals(line, Files.readString(file), "cut at " + length);
        }
    }

    @Test
    void aSpoiltLineInTheMiddleIsNamed() throws IOException {
        Files.writeString(file, "{\"step\":1}\nnonsense\n{\"step\":3}\n");
        InputException refused = assertThrows(InputException.class, () -> MetricsLog.truncateAfter(file, 3));
        assertTrue(refused.getMessage().startsWith(file + ":2: not valid JSON") && refused.getMessage().endsWith("; remove the line to go on"), refused.getMessage());
        Files.writeString(file, "{\"step\":1}\n{\"stop\":2}\n");
        assertEquals(file + ":2: expected an object with a whole number step; remove the line to go on",
                assertThrows(InputException.class, () -> MetricsLog.read(file)).getMessage());
        Files.write(file, new byte[] {(byte) 0xFF, '\n'});
        assertEquals(file + ":1: is not UTF-8 text; remove the line to go on", assertThrows(InputException.class, () -> MetricsLog.truncateAfter(file, 3)).getMessage());
    }

    @Test
    void aLineNeedsAStep() {
        try (MetricsLog log = MetricsLog.open(file)) {
            assertThrows(IllegalArgumentException.class, () -> log.append(Json.object().put("loss", 1)));
        }
    }
}
