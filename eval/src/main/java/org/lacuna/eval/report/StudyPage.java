package org.lacuna.eval.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A study's page: everything in it is from its numbers. */
final class StudyPage {
    private final JsonNode numbers;
    private final ChartData charts = new ChartData();
    private final List<String> variants;
    private int places;

    private StudyPage(JsonNode numbers) {
        this.numbers = numbers;
        Set<String> names = new LinkedHashSet<>();
        numbers.path("models").forEach(model -> names.add(model.path("variant").asText()));
        variants = List.copyOf(names);
        places = variants.size();
    }

    static String html(JsonNode numbers) {
        return new StudyPage(numbers).html();
    }

    private String html() {
        List<Object> body = new ArrayList<>();
        String title = "Study " + numbers.path("study").asText();
        body.add(Html.element("h1", title));
        List<Object> verdicts = new ArrayList<>();
        numbers.path("findings").forEach(finding -> verdicts.add(Html.element("li", finding.path("claim").asText() + " " + StudyText.capital(finding.path("verdict").asText()) + ".")));
        body.add(Html.element("ul id=\"summary\"", verdicts.toArray()));
        body.add(Document.section("Models", Html.element("p", StudyText.models(numbers)), models(), tasks(), Document.charts(List.of(
                growth("growth-intermediate", "critical_intermediate", "Critical sparsity at the intermediate vector, by size"),
                growth("growth-input", "critical_input", "Critical sparsity at the input, by size"), growth("growth-cett", "critical_cett", "PPL-1 % sparsity, by size"),
                growth("growth-loss", "loss", "Loss, by size")))));
        body.add(Document.section("Curves of the largest models", Document.charts(curves())));
        numbers.path("findings").forEach(finding -> body.add(finding(finding)));
        List<String> gaps = StudyText.gaps(numbers);
        if (!gaps.isEmpty()) {
            body.add(Document.section(StudyText.GAPS, Html.element("ul id=\"gaps\"", gaps.stream().map(gap -> Html.element("li", gap)).toArray())));
        }
        body.add(Document.section("By what", Html.element("pre", numbers.path("provenance").toPrettyString())));
        return Document.html(title, Html.of(body.toArray()), charts, places);
    }

    private Html models() {
        HtmlTable table = new HtmlTable("models", "Loss, zeros and critical sparsity by size and variant");
        List<Object> head = new ArrayList<>(List.of("Variant", "Size", "Parameters", "Seeds", "Zeros"));
        StudyText.COLUMNS.forEach(column -> head.add(column.heading()));
        table.head(head.toArray());
        for (JsonNode model : numbers.path("models")) {
            table.row(StudyText.modelRow(model).toArray());
        }
        return table.done();
    }

    private Html tasks() {
        if (numbers.path("tasks").isEmpty()) {
            return Html.of();
        }
        HtmlTable table = new HtmlTable("tasks", StudyText.tasksAre(numbers));
        List<Object> head = new ArrayList<>(List.of("Variant", "Size"));
        numbers.path("tasks").forEach(task -> {
            head.add(task.path("task").asText());
            head.add("critical");
        });
        table.head(head.toArray());
        for (JsonNode model : numbers.path("models")) {
            table.row(StudyText.taskRow(numbers, model).toArray());
        }
        return table.done();
    }

    private Html growth(String id, String figure, String title) {
        boolean loss = figure.equals("loss");
        ObjectNode chart = charts.chart(id, "parameters", loss ? "loss (nats/token)" : "sparsity (%)", "parameters", loss ? "ratio" : "percent");
        double least = 0;
        double most = loss ? 0 : 1;
        for (int place = 0; place < variants.size(); place++) {
            List<Double> x = new ArrayList<>();
            List<Double> y = new ArrayList<>();
            List<Double> low = new ArrayList<>();
            List<Double> high = new ArrayList<>();
            for (JsonNode model : numbers.path("models")) {
                if (model.path("variant").asText().equals(variants.get(place)) && model.has(figure)) {
                    x.add(Math.log(model.path("parameters").asDouble()) / Math.log(2));
                    y.add(model.path(figure).path("value").asDouble());
                    low.add(model.path(figure).path("low").asDouble());
                    high.add(model.path(figure).path("high").asDouble());
                    most = Math.max(most, model.path(figure).path("high").asDouble());
                }
            }
            ObjectNode series = ChartData.series(chart, place, variants.get(place), x, y);
            ChartData.numbers(series.putArray("low"), low);
            ChartData.numbers(series.putArray("high"), high);
        }
        ChartData.range(chart, least, loss ? 1.1 * most : most);
        return Document.figure(id, title);
    }

    /** A chart for each variant: its rules at the intermediate vector; and one for all variants: top-p at each site would be too many lines. */
    private List<Html> curves() {
        Map<String, List<JsonNode>> byVariant = new LinkedHashMap<>();
        numbers.path("curves").forEach(curve -> {
            if (curve.path("site").asText().equals("intermediate")) {
                byVariant.computeIfAbsent(curve.path("variant").asText(), variant -> new ArrayList<>()).add(curve);
            }
        });
        List<Html> figures = new ArrayList<>();
        byVariant.forEach((variant, curves) -> {
            String id = "curves-" + figures.size();
            ObjectNode chart = charts.chart(id, "sparsity (%)", "perplexity / dense perplexity", "percent", "ratio");
            ChartData.range(chart, 0.98, 1.2);
            ChartData.line(chart, 1.01, "bar 1.01", "left");
            for (int place = 0; place < curves.size(); place++) {
                List<Double> x = new ArrayList<>();
                List<Double> y = new ArrayList<>();
                curves.get(place).path("sparsity").forEach(value -> x.add(value.asDouble()));
                curves.get(place).path("ratio").forEach(value -> y.add(value.asDouble()));
                ChartData.series(chart, place, curves.get(place).path("rule").asText(), x, y);
            }
            places = Math.max(places, curves.size());
            figures.add(Document.figure(id, variant + ", " + curves.get(0).path("size").asText() + ": rules at the intermediate vector"));
        });
        return figures;
    }

    private static Html finding(JsonNode finding) {
        Html verdict = Html.element("p", StudyText.capital(finding.path("verdict").asText()) + ".");
        if (finding.path("rows").isEmpty()) {
            return Document.section(finding.path("claim").asText(), verdict);
        }
        HtmlTable table = new HtmlTable("finding-" + Integer.toHexString(finding.path("claim").asText().hashCode()), finding.path("measure").asText());
        table.head("", StudyText.unit(finding), "95 %", "Says");
        finding.path("rows").forEach(row -> {
            List<String> cells = StudyText.findingRow(finding, row);
            table.row(cells.get(0), Html.number(row.path("value").asDouble(), cells.get(1)), cells.get(2), cells.get(3));
        });
        List<Object> limits = new ArrayList<>();
        finding.path("limits").forEach(limit -> limits.add(Html.element("li", limit.asText())));
        return Document.section(finding.path("claim").asText(), verdict, table.done(),
                Html.element("p", "What can’t be concluded:"), Html.element("ul", limits.toArray()));
    }
}
