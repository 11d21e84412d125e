package org.lacuna.eval.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.eval.compare.TaskComparing.Results;
import org.lacuna.eval.compare.TaskComparing;
import org.lacuna.eval.robustness.ModelSummary.Training;
import org.lacuna.eval.task.TaskSamples;
import org.lacuna.run.folder.Json;

class TaskReportTest {
    private static final List<Double> NONE = List.of(0.0, 0.0, 0.0);
    private static final List<Double> TWO = List.of(1.0, 0.0, 1.0);

    @TempDir
    private Path folder;

    private void write(String name) {
        TaskReport.write(folder, TaskComparing.of(List.of(
                new Results("A", List.of(TaskSamples.result(TaskSamples.model("silu", Training.NATURAL, 24), "t", "d", TWO, new int[] {100, 40, 0},
                        List.of(TWO, TWO, NONE)))),
                new Results("B", List.of(TaskSamples.result(TaskSamples.model(name, Training.INDUCED, 24), "t", "d", List.of(1.0, 1.0, 1.0), new int[] {70, 30,
                        0}, List.of(TWO, TWO, NONE)))))));
    }

    private static void numbers(JsonNode json, Set<String> into) {
        if (json.isNumber()) {
            into.add(json.isIntegralNumber() ? json.asText() : Double.toString(json.asDouble()));
        } else {
            json.forEach(child -> numbers(child, into));
        }
    }

    @Test
    void everyNumberInTheTablesIsInTheJson() throws IOException {
        write("relu");
        JsonNode json = Json.read(folder.resolve(ReportWriter.NUMBERS));
        Set<String> inJson = new HashSet<>();
        numbers(json, inJson);
        String page = Files.readString(folder.resolve(ReportWriter.PAGE));
        List<MatchResult> shown = Pattern.compile("<data value=\"([^\"]*)\">").matcher(page).results().toList();
        assertTrue(shown.size() > 50, "only " + shown.size());
        shown.forEach(number -> assertTrue(inJson.contains(number.group(1)), number.group()));
        assertTrue(json.at("/summary").asText().startsWith("On t (acc), “relu” − “silu” is +33.33 ["), json.at("/summary").asText());
        assertEquals(1 / 3.0, json.at("/comparison/tasks/0/dense/0/difference").asDouble(), 1e-15);
        assertTrue(json.findValues("weights").isEmpty() && json.findValues("kept").isEmpty() && json.findValues("elements").isEmpty(),
                "documents have no place in it");
        assertEquals(1, json.at("/comparison/tasks/0/results/0/dense").size());
    }

    @Test
    void chartsHaveAModelsPointsByRisingSparsityWithTheirIntervals() throws IOException {
        write("relu");
        String page = Files.readString(folder.resolve(ReportWriter.PAGE));
        MatchResult charts = Pattern.compile("id=\"charts\">(.*?)</script>").matcher(page).results().findFirst().orElseThrow();
        JsonNode chart = Json.parse("charts", charts.group(1)).get("task-0-0-intermediate");
        assertTrue(page.contains("data-chart=\"task-0-0-intermediate\""));
        assertEquals(2, chart.get("series").size());
        JsonNode relu = chart.at("/series/1");
        assertEquals("[0.30000000000000004,0.7,1.0]", relu.get("x").toString());
        assertEquals(2 / 3.0, relu.at("/y/0").asDouble(), 1e-12);
        assertTrue(relu.at("/low/0").asDouble() <= relu.at("/y/0").asDouble() && relu.at("/high/0").asDouble() >= relu.at("/y/0").asDouble());
        assertEquals(2 / 3.0, chart.at("/lines/0/y").asDouble(), 1e-12, "the control without a rule");
        assertEquals("chance", chart.at("/lines/1/label").asText());
    }

    /** Two right of three is 0.42 above a chance of 0.25, whose standard error is 0.25; three are 0.75 above it. */
    @Test
    void whatEvalNotesStandsInThePage() throws IOException {
        write("relu");
        String page = Files.readString(folder.resolve(ReportWriter.PAGE));
        assertTrue(page.contains("<li>t, silu: acc is not above chance (0.2500) by two standard errors of chance"), page);
        assertFalse(page.contains("t, relu: acc is not above chance"));
        assertTrue(page.contains("<li>t, silu: 3 requests, 0 with a context cut to 64 tokens.</li>"));
    }

    @Test
    void namesAreTextAndAnEarlierPictureGoes() throws IOException {
        Files.writeString(folder.resolve(ReportWriter.PICTURE), "<svg/>");
        write("<script>alert(1)</script>");
        String page = Files.readString(folder.resolve(ReportWriter.PAGE));
        assertFalse(page.contains("<script>alert"), "unescaped");
        assertTrue(page.contains("&lt;script&gt;alert(1)"));
        assertFalse(Files.exists(folder.resolve(ReportWriter.PICTURE)));
        ReportWriter.check(folder);
    }
}
