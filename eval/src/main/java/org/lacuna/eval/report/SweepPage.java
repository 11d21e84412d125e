package org.lacuna.eval.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** A sweep's page: everything in it is from the sweep's {@code report.json}. */
public final class SweepPage {
    private static final String CRITICAL = "critical";
    private static final String ZEROS = "zeros";
    private static final String LOSS = "loss";
    /** Above and below a chart's values, as a share of what they span. */
    private static final double MARGIN = 0.08;
    /** More curves than these in a chart are not told apart. */
    private static final int CURVES = 14;

    private final JsonNode report;
    private final Map<String, JsonNode> runs = new HashMap<>();

    private SweepPage(JsonNode report) {
        this.report = report;
        report.path("references").forEach(run -> runs.put(run.path("run").asText(), run));
        report.path("candidates").forEach(run -> runs.put(run.path("run").asText(), run));
    }

    /** The page of a sweep's {@code report.json}. */
    public static String html(JsonNode report) {
        return new SweepPage(report).html();
    }

    private String html() {
        ChartData charts = new ChartData();
        List<Object> body = new ArrayList<>();
        body.add(Html.element("h1", title()));
        body.add(Html.element("p class=\"summary\" id=\"summary\"", summary()));
        body.add(Document.section("Pareto fronts", Html.element("p",
                "A dot is a candidate that was trained to the end. On the front is what no other candidate beats in both: loss, and the"
                + " share that is left out. The candidates on it, by rising loss: critical sparsity " + names(report.at("/pareto/critical"))
                        + "; exact zeros "
                + names(report.at("/pareto/zeros")) + ". Decode cost was not measured."),
                Document.charts(List.of(front(charts, CRITICAL, "Loss against critical sparsity", "critical sparsity (%)"), front(charts, ZEROS,
                        "Loss against exact zeros", "exact zeros (%)")))));
        body.add(Document.section("Candidates", candidates()));
        body.add(Document.section("Keys", importance()));
        body.add(Document.section("Curves", Html.element("p", "Loss as more and more is left out, of the best " + CURVES
                + " candidates and of the recipe as it is, each where it was measured last."),
                Document.charts(List.of(curves(charts), rungs(charts)))));
        body.add(Document.section("How it was measured", Html.element("ul", Html.of(method().stream().map(item -> Html.element("li", item))
                .toArray()))));
        return Document.html(title(), Html.of(body.toArray()), charts, CURVES + 1);
    }

    private String title() {
        return "Sweep " + report.at("/sweep/name").asText();
    }

    private static String names(JsonNode array) {
        List<String> names = new ArrayList<>();
        array.forEach(name -> names.add(name.asText()));
        return names.isEmpty() ? "none" : String.join(", ", names);
    }

    private String summary() {
        JsonNode best = report.path("best");
        String tried = report.path("candidates").size() + " candidates by " + report.at("/sweep/search").asText() + " search. Score: "
                + report.at("/sweep/score").asText() + ". ";
        if (best.isMissingNode()) {
            return tried + "No candidate was held against the recipe: none that was trained to the end is within the loss that is allowed, or the"
                    + " recipe's own run failed.";
        }
        JsonNode critical = best.at("/againstDefault/critical");
        JsonNode loss = best.at("/againstDefault/loss");
        return tried + "The best is " + best.path("run").asText() + ": its critical sparsity is " + Shown.points(number(critical.path("difference")))
                + " points ["
                + Shown.points(number(critical.path("low"))) + ", " + Shown.points(number(critical.path("high")))
                        + "] from that of the recipe as it is, its loss " + Shown.four(number(loss.path("ratio")))
                + " times the recipe's [" + Shown.four(number(loss.path("low"))) + ", " + Shown.four(number(loss.path("high"))) + "].";
    }

    private static double number(JsonNode node) {
        return node.isNumber() ? node.asDouble() : Double.NaN;
    }

    private static JsonNode last(JsonNode run) {
        return run.path("rungs").path(run.path("rungs").size() - 1);
    }

    /** Those with figures after the last step, by rising share. */
    private List<JsonNode> ended(String share) {
        int steps = report.at("/sweep/steps").size();
        List<JsonNode> ended = new ArrayList<>();
        report.path("candidates").forEach(run -> {
            if (run.path("rungs").size() == steps && last(run).path(share).isNumber()) {
                ended.add(run);
            }
        });
        ended.sort(Comparator.comparingDouble(run -> last(run).path(share).asDouble()));
        return ended;
    }

    private Html front(ChartData charts, String share, String title, String label) {
        ObjectNode chart = charts.chart("front-" + share, label, "loss (nats/token)", "percent", "ratio");
        List<Double> losses = new ArrayList<>();
        Set<String> on = new LinkedHashSet<>();
        report.path("pareto").path(share).forEach(name -> on.add(name.asText()));
        List<JsonNode> all = ended(share);
        points(chart, 0, "candidates", all, share, losses).put("scatter", true);
        points(chart, 1, "front", all.stream().filter(run -> on.contains(run.path("run").asText())).toList(), share, losses);
        int place = 2;
        for (JsonNode reference : report.path("references")) {
            if (last(reference).path(share).isNumber()) {
                points(chart, place++, reference.path("run").asText(), List.of(reference), share, losses).put("scatter", true);
            }
        }
        JsonNode control = last(runs.getOrDefault(report.at("/sweep/control").asText(), report.path("none")));
        if (control.path(LOSS).isNumber()) {
            double allowed = control.path(LOSS).asDouble() * (1 + report.at("/sweep/slack").asDouble());
            ChartData.line(chart, allowed, "allowed loss", "left");
            losses.add(allowed);
        }
        range(chart, losses);
        return Document.figure("front-" + share, title);
    }

    private static ObjectNode points(ObjectNode chart, int place, String label, List<JsonNode> runs, String share, List<Double> losses) {
        List<Double> y = runs.stream().map(run -> last(run).path(LOSS).asDouble()).toList();
        losses.addAll(y);
        ObjectNode series = ChartData.series(chart, place, label, runs.stream().map(run -> last(run).path(share).asDouble()).toList(), y);
        runs.forEach(run -> series.withArray("notes").add(run.path("run").asText()));
        return series;
    }

    private static void range(ObjectNode chart, List<Double> values) {
        double least = values.stream().filter(Double::isFinite).mapToDouble(Double::doubleValue).min().orElse(0);
        double most = values.stream().filter(Double::isFinite).mapToDouble(Double::doubleValue).max().orElse(1);
        double margin = Math.max(MARGIN * (most - least), Math.ulp(1f));
        ChartData.range(chart, least - margin, most + margin);
    }

    /** The recipe as it is and the best candidates. */
    private List<JsonNode> shown() {
        List<JsonNode> shown = new ArrayList<>();
        report.path("references").forEach(run -> {
            if (run.path("run").asText().equals("default")) {
                shown.add(run);
            }
        });
        report.path("ranked").forEach(name -> {
            if (shown.size() <= CURVES && runs.containsKey(name.asText())) {
                shown.add(runs.get(name.asText()));
            }
        });
        return shown;
    }

    private Html curves(ChartData charts) {
        ObjectNode chart = charts.chart("curves", "sparsity (%)", "loss (nats/token)", "percent", "ratio");
        List<Double> dense = new ArrayList<>();
        int place = 0;
        for (JsonNode run : shown()) {
            List<Double> x = new ArrayList<>();
            List<Double> y = new ArrayList<>();
            run.at("/curve/sparsity").forEach(value -> x.add(number(value)));
            run.at("/curve/loss").forEach(value -> y.add(number(value)));
            ChartData.series(chart, place++, run.path("run").asText(), x, y);
            dense.add(last(run).path(LOSS).asDouble());
        }
        // Beyond that text is as good as lost.
        List<Double> seen = new ArrayList<>(dense);
        dense.forEach(loss -> seen.add(1.5 * loss));
        range(chart, seen);
        return Document.figure("curves", "Loss against sparsity at " + report.at("/sweep/site").asText().toUpperCase(Locale.ROOT));
    }

    private Html rungs(ChartData charts) {
        ObjectNode chart = charts.chart("rungs", "step", "loss (nats/token)", "step", "ratio");
        List<Double> losses = new ArrayList<>();
        int place = 0;
        for (JsonNode run : shown()) {
            List<Double> x = new ArrayList<>();
            List<Double> y = new ArrayList<>();
            run.path("rungs").forEach(rung -> {
                x.add(rung.path("step").asDouble());
                y.add(number(rung.path(LOSS)));
            });
            losses.addAll(y);
            ChartData.series(chart, place++, run.path("run").asText(), x, y);
        }
        range(chart, losses);
        return Document.figure("rungs", "Loss of each rung");
    }

    private Html candidates() {
        HtmlTable table = new HtmlTable("candidates",
                "Each run where it was measured last, the best first: those that ended on an earlier rung after the others. Loss in nats a token; a"
                        + " score below 0"
                + " is that of a candidate whose loss is above what is allowed." + (report.at("/sweep/repeat").asInt() > 1
                        ? " Means over training seeds, with Student's 95 % intervals." : ""));
        List<String> keys = keys();
        List<Object> head = new ArrayList<>(List.of("Run", "Step", "Loss", "Critical sparsity", "Exact zeros", "Score"));
        head.addAll(keys);
        table.head(head.toArray());
        report.path("references").forEach(run -> table.row(row(run, keys)));
        List<JsonNode> all = new ArrayList<>();
        report.path("candidates").forEach(all::add);
        all.sort(Comparator.comparingInt((JsonNode run) -> -run.path("rungs").size()).thenComparingDouble(run -> -last(run).path("score")
                .asDouble(Double.NEGATIVE_INFINITY)));
        all.forEach(run -> table.row(row(run, keys)));
        return table.done();
    }

    private List<String> keys() {
        Set<String> keys = new LinkedHashSet<>();
        report.path("candidates").forEach(run -> run.path("values").fieldNames().forEachRemaining(keys::add));
        return new ArrayList<>(keys);
    }

    private static Object[] row(JsonNode run, List<String> keys) {
        JsonNode last = last(run);
        List<Object> row = new ArrayList<>(List.of(run.path("run").asText(), last.path("step").asText("–")));
        if (last.has("failed")) {
            row.addAll(List.of("failed: " + last.path("failed").asText(), "–", "–"));
        } else {
            row.add(figure(last, LOSS, Shown::four));
            row.add(figure(last, CRITICAL, Shown::percent));
            row.add(figure(last, ZEROS, Shown::percent));
        }
        row.add(last.path("score").isNumber() ? Html.number(last.path("score").asDouble(), Shown.four(last.path("score").asDouble())) : "–");
        keys.forEach(key -> row.add(run.path("values").path(key).asText("–")));
        return row.toArray();
    }

    private static Object figure(JsonNode rung, String name, Function<Double, String> shown) {
        JsonNode interval = rung.path("intervals").path(name);
        double value = number(rung.path(name));
        String text = shown.apply(value) + (interval.isArray() ? " [" + shown.apply(number(interval.path(0))) + ", "
                + shown.apply(number(interval.path(1))) + "]" : "");
        return Html.number(value, text);
    }

    private Html importance() {
        HtmlTable table = new HtmlTable("importance",
                "How each key goes with the score on the first rung, which every candidate reached. For a range: Spearman’s rank correlation, −1 to"
                        + " 1. For a"
                + " list of values: η² of the scores’ ranks, the share of their variance that lies between the values, 0 to 1; by chance alone it is (values − 1) / (candidates − 1). Both describe the"
                + " candidates that were tried, one key at a time;"
                + " they show no cause and nothing that keys do together.");
        table.head("Key", "Measure", "Value", "Candidates");
        report.path("importance").forEach(key -> table.row(key.path("key").asText(), key.path("measure").asText(),
                key.path("value").isNumber() ? Html.number(key.path("value").asDouble(), Shown.four(key.path("value").asDouble())) : "–",
                        key.path("candidates").asText()));
        return table.done();
    }

    private List<String> method() {
        return List.of("Each candidate is a training run of its own with the schedule of the whole run; on each rung (after steps "
                + names(report.at("/sweep/steps")) + ") it was measured on the first "
                + report.at("/sweep/windows").asText() + " validation windows.",
                "Critical sparsity: the most that can be left out while perplexity is at most 1.01 times the candidate's own dense one. The loss"
                        + " that is allowed is that of the run “"
                        + report.at("/sweep/control").asText() + "” after as many steps, and " + Shown.percent(report.at("/sweep/slack").asDouble())
                                + " of it.",
                "The best against the recipe: intervals of a paired bootstrap over the windows, as in compare/report.html. They cover the choice of"
                        + " windows, neither training seeds nor that the best was"
                        + " chosen among many on these windows: its lead is over-rated by that.",
                "Candidates that ended on an earlier rung are on no front and in no chart of curves.");
    }
}
