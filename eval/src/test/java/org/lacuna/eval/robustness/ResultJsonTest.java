package org.lacuna.eval.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import org.lacuna.run.folder.Json;
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

    private static final Settings SETTINGS = new Settings("top_p", List.of(0.995), TokenCoverage.EVERY, List.of(SiteSet.ALL_INPUTS), 1.01, 1000, 1, 0.95);

    private static RobustnessResult result() {
        Point point = new Point(0.995, Double.POSITIVE_INFINITY, INTERVAL, 0.25, List.of(0.5, Math.nextUp(0.0)),
                List.of(1e-300, Math.PI), List.of(3L, 4_000_000_000L));
        SiteResult curve = new SiteResult(SiteSet.ALL_INPUTS, 5_000_000_000L, List.of(point), List.of(
                new Estimate(Estimator.GRID, Level.NONE, INTERVAL), new Estimate(Estimator.FIRST, Level.at(0.5), INTERVAL), new Estimate(Estimator.LINEAR, Level.atLeast(0.7), INTERVAL)));
        DenseResult dense = new DenseResult(2.5, OptionalDouble.empty(), List.of(2.0, 3.0),
                Map.of(Site.INPUT, List.of(0.0, 0.5), Site.INTERMEDIATE, List.of(0.25, 1 / 7.0)), List.of(0, 5));
        return new RobustnessResult(RobustnessResult.VERSION, MODEL, new DataSummary("text", "12", "34", 2, 3, OptionalLong.of(6)), SETTINGS,
                Provenance.collect(Map.of()).toJson(), dense, List.of(curve));
    }

    @Test
    void whatIsReadEqualsWhatWasWritten(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("eval.json");
        RobustnessResult result = result();
        Files.writeString(file, ResultJson.text(result));
        assertEquals(result, ResultJson.read(file, RobustnessResult.class, RobustnessResult.VERSION));
    }

    private static RobustnessResult jointly() {
        RobustnessResult result = result();
        Settings settings = SETTINGS.withJoint(new JointGrid(Map.of(Site.INPUT, List.of(1.0, 0.5), Site.INTERMEDIATE, List.of(1.0))));
        List<JointPoint> points = settings.joint().orElseThrow().points().stream().map(p -> new JointPoint(p, 2.5, INTERVAL, Map.of(Site.INPUT, 1 / 3.0, Site.INTERMEDIATE, 0.5),
                Map.of(Site.INPUT, List.of(0.1, 0.2), Site.INTERMEDIATE, List.of(0.0, 1.0)), 0.25, List.of(2.0, 3.0), List.of(70L, 80L))).toList();
        return new RobustnessResult(result.version(), result.model(), result.data(), settings, result.provenance(), result.dense(), result.curves(),
                Optional.of(JointResult.of(100, points, 3, result.dense(), settings)));
    }

    @Test
    void severalSitesAtOnceAreReadAsTheyWereWritten(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("eval.json");
        RobustnessResult result = jointly();
        Files.writeString(file, ResultJson.text(result));
        assertEquals(result, ResultJson.read(file, RobustnessResult.class, RobustnessResult.VERSION));
        assertEquals("[1.0,0.5]", ResultJson.tree(result).at("/settings/joint/values/input").toString());
        assertEquals(0.5, ResultJson.tree(result).at("/joint/points/1/p/input").asDouble());
        for (String[] bad : new String[][] {{"/joint", "null", "joint is null; expected what settings/joint asks for"}, {"/settings/joint", "null", "joint is there; expected none, as settings/joint is null"},
                {"/settings/joint/values/input", "[1, 0.7]", "joint/points is of other values of p than settings/joint"}, {"/settings/joint/values", "{}", "two or more sites"},
                {"/joint/window_operations", "75", "joint/points/0/window_operations is 80"}, {"/joint/points/0/saved", "2", "joint/points/0/saved is 2.0; expected a number from 0 to 1"},
                {"/joint/points/0/sparsity", "{}", "joint/points/0/sparsity/input is NaN"},
                {"/joint/points/0/sparsity/input", "null", "joint/points/0/sparsity/input is NaN"}, {"/joint/points/0/p/input", "null", "joint/points is of other values"},
                {"/settings/joint/values/input", "null", "values of input must be a list, not null"}, {"/joint/points/0/layer_sparsity/input", "null", "joint/points/0/layer_sparsity/input is null"},
                {"/joint/choice", "null", "choice"}, {"/joint/points/0/layer_sparsity/input", "[1]", "joint/points/0/layer_sparsity/input is of 1 values"},
                {"/joint/points/0/window_loss_sums", "[1]", "joint/points/0/window_loss_sums is of 1 values"}, {"/joint/frontier", "[7]", "joint/frontier is 7"},
                {"/joint/choice/joint", "-1", "joint/choice/joint is -1"}, {"/joint/choice/more/low", "5", "joint/choice/more is from 5.0"}}) {
            JsonNode json = ResultJson.tree(result);
            JsonPointer at = JsonPointer.compile(bad[0]);
            ((ObjectNode) json.at(at.head())).set(at.last().getMatchingProperty(), Json.parse("test", bad[1]));
            Files.writeString(file, json.toString());
            assertMessage(file, bad[2]);
        }
    }

    @Test
    void keysAreInSnakeCaseAndEnumsInLowerCase() {
        JsonNode json = ResultJson.tree(result());
        assertEquals(257, json.at("/model/vocabulary").asInt());
        assertTrue(json.at("/model/step").isNull());
        assertEquals("induced", json.at("/model/training").asText());
        assertEquals("all_inputs", json.at("/curves/0/sites").asText());
        assertEquals("at_least", json.at("/curves/0/critical/2/level/kind").asText());
        assertEquals("NaN", json.at("/curves/0/critical/0/level/sparsity").asText());
        assertEquals(0.5, json.at("/dense/exact_zeros/input/1").asDouble());
        assertEquals(List.of("version", "model", "data", "settings", "provenance", "dense", "curves", "joint", "calibration"), names(json));
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
        assertMessage(file, "model/checkpoint: is missing or null; expected a text");
    }

    @Test
    void whatNoMeasurementGivesIsRefusedByItsKey(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("eval.json");
        for (String[] bad : new String[][] {{"/curves", "[]", "curves is empty"}, {"/dense/loss", "\"NaN\"", "dense/loss is NaN"},
                {"/dense/loss", "0", "dense/loss is 0.0; expected a number above 0"}, {"/dense/window_loss_sums", "[1e308, 1]", "dense/window_loss_sums is 1.0E308"}, {"/model/hidden", "0", "model/hidden is 0"},
                {"/model/layers", "2147483647", "model/layers is 2147483647; expected a whole number from 1 to 65536"}, {"/settings/replicates", "1000000", "settings/replicates is 1000000"},
                {"/curves/0/window_elements", "9223372036854775807", "curves/0/window_elements is 9223372036854775807"}, {"/dense/exact_zeros/input", "[\"\", 0]", "dense/exact_zeros/input/0: "}, {"/settings/confidence", "7", "settings/confidence is 7.0"},
                {"/settings/replicates", "-1", "settings/replicates is -1"}, {"/settings/bar", "0.5", "settings/bar is 0.5"}, {"/settings/grid", "[0.5]", "curves/0/points is of p [0.995]"},
                {"/settings/sites", "[\"up\"]", "curves/0/sites is all_inputs"}, {"/dense/window_loss_sums", "[1]", "dense/window_loss_sums is of 1 values; expected a list of 2"},
                {"/dense/exact_zeros/input", "[0.5]", "dense/exact_zeros/input is of 1 values"}, {"/dense/exact_zeros/input", "[0.5, 7]", "dense/exact_zeros/input is 7.0; expected a number from 0 to 1"},
                {"/dense/exact_zeros/input", "[null, 1]", "dense/exact_zeros/input/0 is null"}, {"/dense/exact_zeros/input", "null", "dense/exact_zeros/input is null"},
                {"/dense/exact_zeros", "{\"input\": [0, 0]}", "dense/exact_zeros is INPUT; expected those of all_inputs too"}, {"/dense/dead_neurons", "[1, -1]", "dense/dead_neurons is -1"},
                {"/dense/dead_neurons", "[1, 17]", "dense/dead_neurons is 17; expected a whole number from 0 to 16"}, {"/data/windows", "3", "dense/window_loss_sums is of 2 values; expected a list of 3"},
                {"/data/windows", "-1", "data/windows is -1"}, {"/data/window_length", "0", "data/window_length is 0"}, {"/model/layers", "3", "a list of 3"}, {"/model/name", "null", "name"},
                {"/model/intermediate", "0", "model/intermediate is 0"}, {"/curves/0/window_elements", "-1", "curves/0/window_elements is -1"},
                {"/curves/0/points/0/window_kept", "[1, 2, 3]", "curves/0/points/0/window_kept is of 3 values; expected a list of 2"},
                {"/curves/0/points/0/window_kept", "[1, -2]", "curves/0/points/0/window_kept is -2"}, {"/curves/0/points/0/window_kept", "[1, 5000000001]", "window_kept is 5000000001"},
                {"/curves/0/points/0/window_loss_sums", "[]", "curves/0/points/0/window_loss_sums is of 0 values"}, {"/curves/0/points/0/loss", "\"NaN\"", "curves/0/points/0/loss is NaN"},
                {"/curves/0/points/0/sparsity", "1.5", "curves/0/points/0/sparsity is 1.5"}, {"/curves/0/points/0/layer_sparsity", "[-1, 0]", "curves/0/points/0/layer_sparsity is -1.0"},
                {"/curves/0/points/0/increase/low", "5", "curves/0/points/0/increase is from 5.0 to"}, {"/curves/0/points/0/increase/replicates", "0", "increase/replicates is 0"},
                {"/curves/0/critical/0/estimator", "\"linear\"", "curves/0/critical is of "}, {"/curves/0/critical/0/interval/none", "-1", "curves/0/critical/0/interval/none is -1"},
                {"/curves/0/critical/1/level/sparsity", "2", "curves/0/critical/1/level: "}, {"/dense/loss", "\"x\"", "dense/loss: found \"x\"; expected a number"},
                {"/settings/sites", "[\"door\"]", "settings/sites/0: no site 'door'; there are input, "}, {"/curves/0/critical/0/estimator", "\"best\"", "estimator: found \"best\"; expected one of grid, first, linear"}, {"/data/windows", "[]", "data/windows: found something else than a whole number"},
                {"/model", "3", "model: "}, {"/model/heads", "null", "model/heads: is missing or null; expected a"}, {"/settings/coverage", "null", "coverage"}, {"/settings", "null", "settings"}, {"/curves", "[null]", "curves/0 is null"}}) {
            JsonNode json = ResultJson.tree(result());
            JsonPointer at = JsonPointer.compile(bad[0]);
            JsonNode parent = json.at(at.head());
            if (parent instanceof ArrayNode list) {
                list.set(at.last().getMatchingIndex(), Json.parse("test", bad[1]));
            } else {
                ((ObjectNode) parent).set(at.last().getMatchingProperty(), Json.parse("test", bad[1]));
            }
            Files.writeString(file, json.toString());
            assertMessage(file, bad[2]);
        }
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
