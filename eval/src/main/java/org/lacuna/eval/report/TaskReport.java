package org.lacuna.eval.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.lacuna.data.task.MetricKind;
import org.lacuna.eval.compare.Comparison.Difference;
import org.lacuna.eval.compare.TaskComparison.ComparedTask;
import org.lacuna.eval.compare.TaskComparison.DifferenceAt;
import org.lacuna.eval.compare.TaskComparison.ValueDifference;
import org.lacuna.eval.compare.TaskComparison;
import org.lacuna.eval.robustness.Estimate;
import org.lacuna.eval.robustness.ModelSummary;
import org.lacuna.eval.robustness.ResultJson;
import org.lacuna.eval.robustness.SiteSet;
import org.lacuna.eval.task.TaskMeasurement.Curve;
import org.lacuna.eval.task.TaskMeasurement.Point;
import org.lacuna.eval.task.TaskMeasurement.Score;
import org.lacuna.eval.task.TaskMeasurement;
import org.lacuna.eval.task.TaskNotes;
import org.lacuna.eval.task.TaskSettings;
import org.lacuna.run.RunException;
import org.lacuna.run.folder.AtomicFiles;
import org.lacuna.run.folder.Json;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.Level;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;

/** The report of a comparison on tasks: {@value ReportWriter#PAGE} and {@value ReportWriter#NUMBERS}. */
public final class TaskReport {
    private static final Html NONE = Html.element("span class=\"none\"", "–");
    /** Above and below a chart's values, as a share of what they span. */
    private static final double MARGIN = 0.08;

    private final TaskComparison comparison;
    private final ChartData charts = new ChartData();

    private TaskReport(TaskComparison comparison) {
        this.comparison = comparison;
    }

    /**
     * Writes it, replacing an earlier report of Lacuna's: both files or none.
     *
     * @throws RunException if a file can't be written
     */
    public static void write(Path folder, TaskComparison comparison) {
        TaskReport report = new TaskReport(comparison);
        byte[] page = report.html().getBytes(StandardCharsets.UTF_8);
        String numbers = report.json().toPrettyString() + "\n";
        AtomicFiles.write(folder.resolve(ReportWriter.PAGE), file -> {
            file.write(page);
            file.flush();
            AtomicFiles.write(folder.resolve(ReportWriter.NUMBERS), numbers);
        });
        // An earlier report's: this one has none.
        remove(folder.resolve(ReportWriter.PICTURE));
        remove(folder.resolve(ReportWriter.TEXT));
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new RunException(file + ": an earlier report's, can't be removed: " + AtomicFiles.reason(e), e);
        }
    }

    /** All but single documents' values, which the results' own files hold. */
    private ObjectNode json() {
        ObjectNode json = Json.object().put("title", title()).put("summary", summary());
        json.set("comparison", ResultJson.tree(comparison));
        for (JsonNode task : json.at("/comparison/tasks")) {
            for (JsonNode result : task.get("results")) {
                result.get("dense").forEach(TaskReport::withoutDocuments);
                for (JsonNode curve : result.get("curves")) {
                    for (JsonNode point : curve.get("points")) {
                        ((ObjectNode) point).remove(List.of("kept", "elements"));
                        point.get("scores").forEach(TaskReport::withoutDocuments);
                    }
                }
            }
        }
        return json;
    }

    private static void withoutDocuments(JsonNode score) {
        ((ObjectNode) score).remove(List.of("values", "weights"));
    }

    private String html() {
        List<Object> body = new ArrayList<>();
        body.add(Html.element("h1", title()));
        if (!comparison.notes().isEmpty()) {
            body.add(Html.element("section class=\"warning\" id=\"notes\"", Html.element("h2", "Not fully comparable"), list(comparison.notes())));
        }
        body.add(Html.element("p class=\"summary\" id=\"summary\"", summary()));
        body.add(Document.section("Without a rule", values()));
        body.add(Document.section("Critical sparsity", notes(), critical(), atControlsCritical()));
        body.add(Html.element("h2", "Curves"));
        for (int t = 0; t < comparison.tasks().size(); t++) {
            body.add(Document.section("h3", comparison.tasks().get(t).name(), Document.charts(figures(t)),
                    Html.element("details", Html.element("summary", "Every measured point on " + comparison.tasks().get(t).name()), points(t))));
        }
        body.add(Document.section("How it was measured", Html.element("div id=\"method\"", list(method())), CoverageTable.ofDocuments()));
        body.add(Document.section("Provenance", provenance()));
        return Document.html(title(), Html.of(body.toArray()), charts, comparison.labels().size());
    }

    private static Html list(List<?> items) {
        return Html.element("ul", Html.of(items.stream().map(item -> Html.element("li", item)).toArray()));
    }

    private String title() {
        return "Tasks under activation sparsity: " + String.join(", ", comparison.labels());
    }

    private String label(int model) {
        return comparison.labels().get(model);
    }

    private TaskSettings settings(ComparedTask task) {
        return task.results().get(comparison.control()).settings();
    }

    private String summary() {
        List<String> sentences = new ArrayList<>();
        for (ComparedTask task : comparison.tasks()) {
            MetricKind first = task.results().get(0).dense().get(0).metric();
            task.dense().stream().filter(difference -> difference.metric() == first).forEach(d -> sentences.add("On " + task.name() + " (" + first.key()
                    + "), “" + label(d.model()) + "” − “"
                    + label(d.against()) + "” is " + signed(first, d.difference()) + " " + brackets(first, d.interval()) + " without a rule: the interval "
                    + (d.interval().low() > 0 ? "lies above 0." : d.interval().high() < 0 ? "lies below 0."
                            : "holds 0, so these documents do not tell which is larger.")));
        }
        sentences.add("Accuracies differ by percentage points. Brackets hold intervals over the choice of documents, not of training seeds.");
        return String.join(" ", sentences);
    }

    private Html values() {
        HtmlTable table = new HtmlTable("values", "Each metric without a rule, ± its standard error, and its difference from the control’s “"
                + label(comparison.control())
                + "” on the same documents. p: two-sided, of a permutation test: how often a difference as large, either way, comes about where each "
                        + "document is exchanged "
                + "between the two or not.");
        table.head("Task", "Metric", "Documents", "Model", "Value", "Minus the control’s (interval)", "p");
        for (ComparedTask task : comparison.tasks()) {
            for (int metric = 0; metric < task.results().get(0).dense().size(); metric++) {
                for (int model = 0; model < task.results().size(); model++) {
                    Score score = task.results().get(model).dense().get(metric);
                    int place = model;
                    Optional<ValueDifference> difference = task.dense().stream().filter(d -> d.metric() == score.metric() && d.model() == place).findFirst();
                    table.row(task.name(), score.metric().key(), Html.number((long) score.values().size()), label(model),
                            Html.of(number(score.metric(), score.value()),
                            score.standardError().isPresent() ? Html.of(" ± ", number(score.metric(), score.standardError().getAsDouble())) : ""),
                            model == comparison.control() ? "control" : difference.map(TaskReport::shown).orElse(NONE),
                            difference.map(d -> p(d.exchanged())).orElse(NONE));
                }
            }
        }
        return table.done();
    }

    private Html critical() {
        HtmlTable table = new HtmlTable("critical",
                "Critical sparsity: the most that can be left out while the metric holds its bar (linear), each with its own bar and interval, and its "
                + "difference from the control’s in percentage points. p: one-sided, of “the model’s is larger”. " + Shown.TASK_LEVELS);
        table.head("Task", "Metric", "Site", "Model", "Critical sparsity (interval)", "Minus the control’s (interval)", "p");
        for (ComparedTask task : comparison.tasks()) {
            for (int m = 0; m < task.results().get(0).dense().size(); m++) {
                MetricKind metric = task.results().get(0).dense().get(m).metric();
                for (SiteSet sites : SiteSet.values()) {
                    for (int model = 0; model < task.results().size(); model++) {
                        Optional<Curve> curve = curve(task.results().get(model), sites);
                        int place = model;
                        Optional<Difference> difference = task.critical().stream().filter(d -> d.metric() == metric)
                                .map(TaskComparison.CriticalDifference::difference)
                                .filter(d -> d.sites() == sites && d.model() == place && d.estimator() == Estimator.LINEAR).findFirst();
                        curve.ifPresent(c -> table.row(task.name(), metric.key(), Tables.name(sites), label(place),
                                c.critical().get(metric.key()).isEmpty() ? "can’t be told" : estimate(c, metric),
                                place == comparison.control() ? "control" : difference.map(TaskReport::shown).orElse(NONE),
                                        difference.map(d -> p(d.exchanged())).orElse(NONE)));
                    }
                }
            }
        }
        return table.done();
    }

    private Html atControlsCritical() {
        HtmlTable table = new HtmlTable("at-control",
                "Each metric where as much is left out as the control’s critical sparsity (linear), read off the lines between measured points, and its "
                + "difference from the control’s there. p: two-sided.");
        table.head("Task", "Metric", "Site", "Sparsity", "Model", "Value", "Control’s value", "Minus the control’s (interval)", "p");
        for (ComparedTask task : comparison.tasks()) {
            for (DifferenceAt at : task.atControlsCritical()) {
                ValueDifference d = at.difference();
                table.row(task.name(), d.metric().key(), Tables.name(at.sites()), Html.number(at.sparsity(), Shown.percent(at.sparsity())), label(d.model()),
                        number(d.metric(), d.value()),
                        number(d.metric(), d.otherValue()), shown(d), p(d.exchanged()));
            }
        }
        return table.done();
    }

    private static Optional<Curve> curve(TaskMeasurement result, SiteSet sites) {
        return result.curves().stream().filter(curve -> curve.sites() == sites).findFirst();
    }

    private List<Html> figures(int t) {
        ComparedTask task = comparison.tasks().get(t);
        List<Html> figures = new ArrayList<>();
        for (int m = 0; m < task.results().get(0).dense().size(); m++) {
            MetricKind metric = task.results().get(0).dense().get(m).metric();
            for (SiteSet sites : SiteSet.values()) {
                if (task.results().stream().anyMatch(result -> curve(result, sites).isPresent())) {
                    // By places: a task's name is its file's to choose.
                    String id = "task-" + t + "-" + m + "-" + sites.key();
                    chart(id, task, m, sites);
                    figures.add(Document.figure(id, metric.key() + " against sparsity at " + Tables.name(sites)));
                }
            }
        }
        return figures;
    }

    private void chart(String id, ComparedTask task, int m, SiteSet sites) {
        MetricKind metric = task.results().get(0).dense().get(m).metric();
        ObjectNode chart = charts.chart(id, "sparsity (%)", metric.key() + (metric.higherIsBetter() ? " (%)" : ""), "percent",
                metric.higherIsBetter() ? "percent" : "ratio");
        double dense = task.results().get(comparison.control()).dense().get(m).value();
        ChartData.line(chart, dense, "control without a rule", "left");
        task.results().get(comparison.control()).task().chance().ifPresent(chance -> ChartData.line(chart, chance, "chance", "right"));
        List<Double> seen = new ArrayList<>(List.of(dense));
        for (int model = 0; model < task.results().size(); model++) {
            TaskMeasurement result = task.results().get(model);
            Optional<Curve> curve = curve(result, sites);
            if (curve.isPresent()) {
                List<Point> points = curve.get().points().stream().sorted(Comparator.comparingDouble(Point::sparsity)).toList();
                List<Double> values = points.stream().map(point -> point.scores().get(m).value()).toList();
                double own = result.dense().get(m).value();
                ObjectNode series = ChartData.series(chart, model, label(model), points.stream().map(Point::sparsity).toList(), values);
                ChartData.numbers(series.putArray("low"), points.stream().map(point -> own + point.change().get(metric.key()).low()).toList());
                ChartData.numbers(series.putArray("high"), points.stream().map(point -> own + point.change().get(metric.key()).high()).toList());
                points.forEach(point -> series.withArray("notes").add("p = " + Shown.plain(point.p())));
                // Of perplexities what is beyond twice the dense one is as good as lost.
                values.stream().filter(value -> Double.isFinite(value) && (metric.higherIsBetter() || value <= 2 * own)).forEach(seen::add);
            }
        }
        double least = seen.stream().mapToDouble(Double::doubleValue).min().orElse(0);
        double most = seen.stream().mapToDouble(Double::doubleValue).max().orElse(1);
        double margin = Math.max(MARGIN * (most - least), 0.01);
        ChartData.range(chart, least - margin, most + margin);
    }

    private Html points(int t) {
        ComparedTask task = comparison.tasks().get(t);
        HtmlTable table = new HtmlTable("points-" + t, "Every measured point on " + task.name()
                + ", with the interval of the change against the same model without a rule.");
        table.head("Site", "Metric", "Model", "p", "Sparsity", "Value", "Change (interval)");
        for (int model = 0; model < task.results().size(); model++) {
            TaskMeasurement result = task.results().get(model);
            for (Curve curve : result.curves()) {
                for (Point point : curve.points()) {
                    for (int m = 0; m < point.scores().size(); m++) {
                        Score score = point.scores().get(m);
                        MetricKind metric = score.metric();
                        table.row(Tables.name(curve.sites()), metric.key(), label(model), Html.number(point.p(), Shown.plain(point.p())),
                                Html.number(point.sparsity(), Shown.percent(point.sparsity())), number(metric, score.value()),
                                range(metric, point.change().get(metric.key())));
                    }
                }
            }
        }
        return table.done();
    }

    /** What can't be read off the numbers; nothing where there is nothing. */
    private Html notes() {
        List<String> notes = new ArrayList<>();
        for (ComparedTask task : comparison.tasks()) {
            for (int model = 0; model < comparison.labels().size(); model++) {
                TaskMeasurement result = task.results().get(model);
                for (String note : TaskNotes.of(result.task(), result.dense())) {
                    notes.add(task.name() + ", " + comparison.labels().get(model) + ": " + note + ".");
                }
            }
        }
        return notes.isEmpty() ? Html.of() : Html.element("div id=\"task-notes\"", list(notes));
    }

    private List<String> method() {
        List<String> method = new ArrayList<>();
        for (ComparedTask task : comparison.tasks()) {
            TaskSettings settings = settings(task);
            method.add(String.format(Locale.ROOT,
                    "%s: %,d documents; rule %s in %s, %s; an accuracy holds while it is at least %s times the dense one, a perplexity at most %s "
                    + "times; %s intervals and p by %,d draws of the documents, the same for all models.", task.name(),
                    task.results().get(comparison.control()).task().documents(), settings.rule(), Shown.layers(settings.layers()),
                    Shown.tokens(settings.coverage()), Shown.plain(settings.accuracy()), Shown.plain(settings.perplexity()),
                            Shown.confidence(settings.confidence()), settings.replicates()));
            for (int model = 0; model < comparison.labels().size(); model++) {
                method.add(task.name() + ", " + comparison.labels().get(model) + ": " + TaskNotes.asked(task.results().get(model).task()) + ".");
            }
        }
        method.add("Sparsity: exact zeros after the rule / elements that it saw, of all layers and covered tokens; where a model writes the text, of the "
                + "tokens that it then read.");
        method.add("The interval of a critical sparsity by an accuracy goes from the last point up to which, at every point, all but a few draws of the documents hold the "
                + "bar, to the first from which on none but a few do: where a bar is but a few documents wide, the first point that breaks it breaks it by chance. "
                + "Intervals of differences are percentiles of the draws; of differences of critical sparsities they are too narrow where there are few documents, as the table tells.");
        method.add("A chart’s bands are intervals of the change against the same model without a rule.");
        method.add("Many tasks, metrics and sites are many tests: p is not corrected for their number.");
        return method;
    }

    private Html provenance() {
        HtmlTable table = new HtmlTable("provenance", "What was measured and by what; all of it, with the settings, stands in report.json.");
        List<Object> head = new ArrayList<>(List.of("Key"));
        head.addAll(comparison.labels());
        table.head(head.toArray());
        ComparedTask first = comparison.tasks().get(0);
        Map<String, List<String>> rows = new LinkedHashMap<>();
        IntStream.range(0, comparison.labels().size()).forEach(i -> {
            TaskMeasurement result = first.results().get(i);
            ModelSummary model = result.model();
            add(rows, "checkpoint", model.checkpoint());
            add(rows, "weights, sha256", model.sha256());
            add(rows, "parameters", Shown.count(model.parameters()));
            add(rows, "activation", model.feedForward() + " " + model.activation());
            add(rows, "natural or induced", model.training().name().toLowerCase(Locale.ROOT));
            add(rows, "Lacuna", result.provenance().path("lacuna").asText("–"));
            add(rows, "measured", result.provenance().path("time").asText("–"));
        });
        rows.forEach((key, values) -> {
            List<Object> row = new ArrayList<>(List.of(key));
            row.addAll(values);
            table.row(row.toArray());
        });
        return table.done();
    }

    private static void add(Map<String, List<String>> rows, String key, String value) {
        rows.computeIfAbsent(key, k -> new ArrayList<>()).add(value);
    }

    private static Html number(MetricKind metric, double value) {
        return Html.number(value, metric.higherIsBetter() ? Shown.percent(value) : Shown.four(value));
    }

    /** Accuracies in percentage points. */
    private static String signed(MetricKind metric, double difference) {
        return metric.higherIsBetter() ? Shown.points(difference) : String.format(Locale.ROOT, "%+.4f", difference).replace('-', '−');
    }

    private static String brackets(MetricKind metric, Interval interval) {
        return "[" + signed(metric, interval.low()) + ", " + signed(metric, interval.high()) + "]";
    }

    private static Html range(MetricKind metric, Interval interval) {
        return Html.element("span class=\"interval\"", "[", Html.number(interval.low(), signed(metric, interval.low())), ", ", Html.number(interval.high(),
                signed(metric, interval.high())), "]");
    }

    private static Html shown(ValueDifference d) {
        return Html.of(Html.number(d.difference(), signed(d.metric(), d.difference())), " ", range(d.metric(), d.interval()));
    }

    private static Html shown(Difference d) {
        Object number = d.kind() == Difference.Kind.NONE ? Shown.mark(d) : Html.of(Shown.mark(d), Html.number(d.difference(), Shown.points(d.difference())));
        return Html.of(number, " ", range(MetricKind.ACC, d.interval()));
    }

    private static Html estimate(Curve curve, MetricKind metric) {
        Estimate linear = curve.critical().get(metric.key()).stream().filter(estimate -> estimate.estimator() == Estimator.LINEAR).findFirst().orElseThrow();
        Object level = linear.level().kind() == Level.Kind.NONE ? Shown.mark(linear.level())
                : Html.of(Shown.mark(linear.level()), Html.number(linear.level().sparsity(), Shown.percent(linear.level().sparsity())));
        return Html.of(level, " ", Html.element("span class=\"interval\"", "[", Html.number(linear.interval().low(), Shown.percent(linear.interval().low())),
                ", ", Html.number(linear.interval().high(), Shown.percent(linear.interval().high())), "]"));
    }

    private static Html p(OptionalDouble p) {
        return p.isPresent() ? Html.number(p.getAsDouble(), String.format(Locale.ROOT, "%.2g", p.getAsDouble())) : NONE;
    }
}
