package org.lacuna.eval.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lacuna.run.folder.Json;

class TrainingPageTest {
    @TempDir
    private Path folder;

    private String page(String name, String... lines) throws IOException {
        Path metrics = Files.writeString(folder.resolve("metrics.jsonl"), String.join("\n", lines) + "\n");
        TrainingPage.write(folder.resolve("report.html"), name, metrics);
        return Files.readString(folder.resolve("report.html"));
    }

    private static JsonNode charts(String page) {
        String open = "<script type=\"application/json\" id=\"charts\">";
        int from = page.indexOf(open) + open.length();
        return Json.parse("charts", page.substring(from, page.indexOf("</script>", from)));
    }

    @Test
    void theChartsHoldWhatTheLogHas() throws IOException {
        JsonNode charts = charts(page("it",
                "{\"step\":1,\"loss\":5.5,\"penalties\":{\"l1@up\":{\"value\":3,\"lambda\":0.25,\"zeros\":0}},\"zeros\":0.5,\"dead\":0.125,\"lr\":1,\"tokens\":7}",
                "{\"step\":2,\"loss\":\"NaN\",\"penalties\":{\"l1@up\":{\"value\":3,\"lambda\":0.5,\"zeros\":0}},\"zeros\":0.75,\"dead\":0.25,\"lr\":1,\"tokens\":7}",
                "{\"step\":2,\"validation\":{\"loss\":4.5,\"zeros\":0.625,\"dead\":0,\"tokens\":7},\"ema\":{\"loss\":4.25,\"zeros\":0.5,\"dead\":0,\"tokens\":7}}",
                "{\"step\":2,\"sample\":{\"prompt\":\"\",\"text\":\"x\"}}",
                "{\"step\":2,\"snapshot\":{\"intermediate\":{\"critical\":0.875,\"grid\":0.75,\"first\":null,\"zeros\":0.5},\"all_inputs\":{\"critical\":null,\"grid\":null,\"first\":null,\"zeros\":0},\"loss\":4.75}}"));
        assertEquals(List.of("loss", "critical", "zeros", "dead", "lambda"), charts.properties().stream().map(Map.Entry::getKey).toList());
        series(charts, "loss", 0, "training", List.of(1.0), List.of(5.5));
        series(charts, "loss", 1, "validation", List.of(2.0), List.of(4.5));
        series(charts, "loss", 2, "moving average, validation", List.of(2.0), List.of(4.25));
        series(charts, "zeros", 0, "training", List.of(1.0, 2.0), List.of(0.5, 0.75));
        series(charts, "dead", 0, "training", List.of(1.0, 2.0), List.of(0.125, 0.25));
        series(charts, "lambda", 0, "l1@up", List.of(1.0, 2.0), List.of(0.25, 0.5));
        series(charts, "critical", 0, "INTERMEDIATE", List.of(2.0), List.of(0.875));
        assertEquals(1, charts.at("/critical/series").size());
        String page = Files.readString(folder.resolve("report.html"));
        assertTrue(page.contains("After step 2: training loss 5.5000, validation loss 4.5000, moving average, validation loss 4.2500, critical sparsity at INTERMEDIATE 87.50"), page);
        String row = page.substring(page.indexOf("<tr><th scope=\"row\">"), page.indexOf("</tbody>")).replaceAll("<[^>]+>", "|").replaceAll("\\|+", "|");
        assertEquals("|2|4.7500|87.50\u00a0%|75.00\u00a0%|–|50.00\u00a0%|–|–|–|0.00\u00a0%|", row.strip());
        assertTrue(page.contains("--model-2:") && !page.contains("--model-3:"));
    }

    private static void series(JsonNode charts, String chart, int index, String label, List<Double> x, List<Double> y) {
        JsonNode series = charts.get(chart).get("series").get(index);
        assertEquals(label, series.get("label").asText());
        assertEquals(x.toString(), series.get("x").toString().replace(",", ", "));
        assertEquals(y.toString(), series.get("y").toString().replace(",", ", "));
        double least = charts.get(chart).at("/yRange/0").asDouble();
        double most = charts.get(chart).at("/yRange/1").asDouble();
        assertTrue(least < most && y.stream().allMatch(v -> v >= least && v <= most), chart + " from " + least + " to " + most);
    }

    @Test
    void namesAreNoMarkup() throws IOException {
        String page = page("</script><b>&", "{\"step\":1,\"loss\":2,\"penalties\":{\"</script><i>\":{\"lambda\":1}}}");
        assertFalse(page.contains("<b>") || page.contains("<i>"));
        assertTrue(page.contains("Training of &lt;/script&gt;&lt;b&gt;&amp;"), page.substring(0, 600));
        assertEquals("</script><i>", charts(page).at("/lambda/series/0/label").asText());
    }

    @Test
    void withoutALineThereIsAPageWithoutCharts() throws IOException {
        Path metrics = Files.createFile(folder.resolve("empty"));
        TrainingPage.write(folder.resolve("report.html"), "it", metrics);
        assertEquals("{}", charts(Files.readString(folder.resolve("report.html"))).toString());
    }

    @Test
    void aLongSeriesIsThinnedToMeans() {
        Thinned series = new Thinned();
        int n = 5 * Thinned.MOST + 3;
        for (int i = 0; i < n; i++) {
            series.add(i, 2.0 * i);
        }
        int together = series.together();
        assertEquals(8, together);
        List<Double> y = List.copyOf(series.end().y());
        assertEquals((n + together - 1) / together, y.size());
        for (int i = 0; i < y.size(); i++) {
            double mean = IntStream.range(i * together, Math.min(n, (i + 1) * together)).average().orElseThrow();
            assertEquals(mean, series.x().get(i), 1e-9);
            assertEquals(2 * mean, y.get(i), 1e-9);
        }
    }
}
