package org.lacuna.eval.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.InputException;
import org.lacuna.run.provenance.Provenance;
import org.lacuna.sparsity.Site;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;

class ResultJsonTest {
    private static final ModelSummary MODEL = new ModelSummary("a", "runs/a/checkpoints/step-000002", "ab", "gh", 1234567890123L, 2, 8, 16, 2, 1, 257, false,
            "relu", "gated", true, Optional.of("cross-entropy"), ModelSummary.Training.INDUCED, OptionalLong.of(7), OptionalLong.empty(),
            OptionalLong.of(4_000_000_000L), OptionalDouble.of(1 / 3.0), Optional.empty(), Optional.of("cd"), Optional.of("ef"));
    private static final Interval INTERVAL = new Interval(0.1 + 0.2, 1 / 3.0, 0.95, 1000, 3, 4);

    private static RobustnessResult result() {
        Point point = new Point(0.995, Double.POSITIVE_INFINITY, INTERVAL, 0.25, List.of(0.5, Math.nextUp(0.0)),
                List.of(1e-300, Math.PI), List.of(3L, 4_000_000_000L));
        SiteResult curve = new SiteResult(SiteSet.ALL_INPUTS, 5_000_000_000L, List.of(point), List.of(
                new Estimate(Estimator.GRID, Level.NONE, INTERVAL), new Estimate(Estimator.LINEAR, Level.atLeast(0.7), INTERVAL)));
        DenseResult dense = new DenseResult(2.5, OptionalDouble.empty(), List.of(2.0, 3.0),
                Map.of(Site.INPUT, List.of(0.0, 0.5), Site.INTERMEDIATE, List.of(0.25, 1 / 7.0)), List.of(0, 5));
        return new RobustnessResult(RobustnessResult.VERSION, MODEL, new DataSummary("text", "12", "34", 2, 3, OptionalLong.of(6)), Settings.PAPER,
                Provenance.collect(Map.of()).toJson(), dense, List.of(curve));
    }

    @Test
    void whatIsReadEqualsWhatWasWritten(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("eval.json");
        RobustnessResult result = result();
        Files.writeString(file, ResultJson.text(result));
        assertEquals(result, ResultJson.read(file, RobustnessResult.class, RobustnessResult.VERSION));
    }

    @Test
    void keysAreInSnakeCaseAndEnumsInLowerCase() {
        JsonNode json = ResultJson.tree(result());
        assertEquals(257, json.at("/model/vocabulary").asInt());
        assertTrue(json.at("/model/step").isNull());
        assertEquals("induced", json.at("/model/training").asText());
        assertEquals("all_inputs", json.at("/curves/0/sites").asText());
        assertEquals("at_least", json.at("/curves/0/critical/1/level/kind").asText());
        assertEquals("NaN", json.at("/curves/0/critical/0/level/sparsity").asText());
        assertEquals(0.5, json.at("/dense/exact_zeros/input/1").asDouble());
        assertEquals(List.of("version", "model", "data", "settings", "provenance", "dense", "curves"), names(json));
        assertEquals(List.of("name", "sha256", "windows_sha256", "windows", "window_length", "bytes"), names(json.get("data")));
    }

    @Test
    void otherContentIsRefusedWithTheFileAndWhatIsWrong(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("eval.json");
        assertMessage(file, "no such file");
        Files.writeString(file, "{");
        assertMessage(file, "not valid JSON");
        Files.writeString(file, "{\"version\": 99}");
        assertMessage(file, "version is 99, this build reads " + RobustnessResult.VERSION);
        Files.writeString(file, "{\"version\": " + RobustnessResult.VERSION + ", \"model\": {\"name\": \"a\"}}");
        assertMessage(file, "checkpoint");
    }

    private static void assertMessage(Path file, String part) {
        String message = assertThrows(InputException.class, () -> ResultJson.read(file, RobustnessResult.class, RobustnessResult.VERSION)).getMessage();
        assertTrue(message.contains(file.toString()) && message.contains(part), message);
    }

    private static List<String> names(JsonNode json) {
        List<String> names = new ArrayList<>();
        json.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
