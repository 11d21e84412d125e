package org.lacuna.eval.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.MetricsLog;

/** A training run's page: charts of what its {@code metrics.jsonl} has, over its steps, and a table of its snapshots. */
public final class TrainingPage {
    /** The page's name in a run's folder. */
    public static final String FILE = ReportWriter.PAGE;

    /** Snapshots in the table, the last ones: the chart has all. */
    private static final int ROWS = 100;
    /** Above and below a chart's values, as a share of what they span. */
    private static final double MARGIN = 0.08;
    private static final String TRAINING = "training";
    private static final String VALIDATION = "validation";
    private static final List<String> EVERY_LINE = List.of("loss", "zeros", "dead");
    /** The estimators and the zeros, as the lines have them. */
    private static final List<String> FIGURES = List.of("critical", "grid", "first", "zeros");

    private final String name;
    /** By chart, by series. */
    private final Map<String, Map<String, Thinned>> series = new LinkedHashMap<>();
    private final Deque<JsonNode> snapshots = new ArrayDeque<>();
    private long steps;

    private TrainingPage(String name) {
        this.name = name;
    }

    /**
     * Writes the page.
     *
     * @param page    the file; there whole or not at all
     * @param name    what the run is called
     * @param metrics its {@code metrics.jsonl}
     * @throws org.lacuna.run.InputException if a line is no line of metrics
     * @throws org.lacuna.run.RunException if a file can't be read or written
     */
    public static void write(Path page, String name, Path metrics) {
        TrainingPage content = new TrainingPage(name);
        MetricsLog.each(metrics, content::add);
        AtomicFiles.write(page, content.html());
    }

    private void add(JsonNode line) {
        long step = line.path("step").asLong();
        steps = Math.max(steps, step);
        if (line.has("loss")) {
            EVERY_LINE.forEach(key -> point(key, TRAINING, step, line.path(key)));
            line.path("penalties").fields().forEachRemaining(penalty -> point("lambda", penalty.getKey(), step, penalty.getValue().path("lambda")));
        }
        EVERY_LINE.forEach(key -> point(key, VALIDATION, step, line.path(VALIDATION).path(key)));
        EVERY_LINE.forEach(key -> point(key, "moving average, " + VALIDATION, step, line.path("ema").path(key)));
        if (line.has("snapshot")) {
            JsonNode snapshot = line.get("snapshot");
            sites(snapshot).forEach((sites, figures) -> point("critical", Tables.name(sites), step, figures.path("critical")));
            snapshots.add(line);
            if (snapshots.size() > ROWS) {
                snapshots.remove();
            }
        }
    }

    private static Map<SiteSet, JsonNode> sites(JsonNode snapshot) {
        Map<SiteSet, JsonNode> sites = new LinkedHashMap<>();
        for (SiteSet set : SiteSet.values()) {
            if (snapshot.has(set.key())) {
                sites.put(set, snapshot.get(set.key()));
            }
        }
        return sites;
    }

    private void point(String chart, String label, long step, JsonNode value) {
        if (value.isNumber()) {
            series.computeIfAbsent(chart, c -> new LinkedHashMap<>()).computeIfAbsent(label, l -> new Thinned()).add(step, value.asDouble());
        }
    }

    private String html() {
        ChartData charts = new ChartData();
        List<Html> figures = new ArrayList<>();
        add(charts, figures, "loss", "Loss", "loss (nats/token)", "ratio", TrainingPage::nearIts);
        add(charts, figures, "critical", "Critical sparsity", "critical sparsity (%)", "percent", all -> new double[] {0, 1});
        add(charts, figures, "zeros", "Exact zeros at INTERMEDIATE", "exact zeros (%)", "percent", all -> new double[] {0, 1});
        add(charts, figures, "dead", "Dead elements of the intermediate vectors", "dead (%)", "percent", TrainingPage::fromZero);
        add(charts, figures, "lambda", "λ of each penalty", "λ", "number", TrainingPage::fromZero);
        List<Object> body = new ArrayList<>();
        body.add(Html.element("h1", title()));
        body.add(Html.element("p class=\"summary\" id=\"summary\"", summary()));
        body.add(Document.charts(figures));
        if (!snapshots.isEmpty()) {
            body.add(Document.section("Snapshots", table()));
        }
        int places = series.values().stream().mapToInt(Map::size).max().orElse(0);
        return Document.html(title(), Html.of(body.toArray()), charts, places);
    }

    private String title() {
        return "Training of " + name;
    }

    private String summary() {
        String thinned = together() == 1 ? "" : " Each point of a long series is the mean of as many as " + Shown.count(together()) + " that follow each other.";
        return "After step " + Shown.count(steps) + ": " + String.join(", ", last()) + "." + thinned;
    }

    private int together() {
        return series.values().stream().flatMap(chart -> chart.values().stream()).mapToInt(Thinned::together).max().orElse(1);
    }

    /** Each loss' and each critical sparsity's last value. */
    private List<String> last() {
        List<String> last = new ArrayList<>();
        series.getOrDefault("loss", Map.of()).forEach((label, points) -> last.add(label + " loss " + Shown.four(end(points))));
        series.getOrDefault("critical", Map.of()).forEach((label, points) -> last.add("critical sparsity at " + label + " " + Shown.percent(end(points))));
        return last;
    }

    private static double end(Thinned points) {
        List<Double> y = points.end().y();
        return y.get(y.size() - 1);
    }

    private void add(ChartData charts, List<Html> figures, String id, String title, String yLabel, String yKind, Function<double[], double[]> range) {
        Map<String, Thinned> lines = series.get(id);
        if (lines == null) {
            return;
        }
        ObjectNode chart = charts.chart(id, "step", yLabel, "step", yKind);
        int place = 0;
        for (Map.Entry<String, Thinned> line : lines.entrySet()) {
            Thinned points = line.getValue().end();
            ChartData.series(chart, place++, line.getKey(), points.x(), points.y());
        }
        double[] seen = range.apply(lines.values().stream().flatMap(points -> points.y().stream()).mapToDouble(Double::doubleValue).toArray());
        ChartData.range(chart, seen[0], seen[1]);
        figures.add(Document.figure(id, title));
    }

    private static double[] nearIts(double[] values) {
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (double value : values) {
            least = Math.min(least, value);
            most = Math.max(most, value);
        }
        double margin = Math.max(MARGIN * (most - least), Math.ulp(1f));
        return new double[] {least - margin, most + margin};
    }

    private static double[] fromZero(double[] values) {
        double most = nearIts(values)[1];
        return new double[] {0, most > 0 ? most : 1};
    }

    private Html table() {
        List<SiteSet> measured = new ArrayList<>();
        for (JsonNode line : snapshots) {
            sites(line.get("snapshot")).keySet().stream().filter(sites -> !measured.contains(sites)).forEach(measured::add);
        }
        HtmlTable table = new HtmlTable("snapshots", "Critical sparsity of the model as it was, by three estimators (critical: linear), within 1 % of its dense perplexity, and the share of exact"
                + " zeros at the site. A level is a lower bound where even the sparsest point holds the bar; – : none does. Of many snapshots the last " + ROWS + " are listed.");
        List<Object> head = new ArrayList<>(List.of("Step", "Loss"));
        measured.forEach(sites -> FIGURES.forEach(figure -> head.add(Tables.name(sites) + ": " + figure)));
        table.head(head.toArray());
        for (JsonNode line : snapshots) {
            List<Object> row = new ArrayList<>(List.of(Html.number(line.path("step").asLong()), figure(line.at("/snapshot/loss"), Shown::four)));
            for (SiteSet sites : measured) {
                FIGURES.forEach(figure -> row.add(figure(line.path("snapshot").path(sites.key()).path(figure), Shown::percent)));
            }
            table.row(row.toArray());
        }
        return table.done();
    }

    private static Object figure(JsonNode value, Function<Double, String> shown) {
        return value.isNumber() ? Html.number(value.asDouble(), shown.apply(value.asDouble())) : "–";
    }
}
