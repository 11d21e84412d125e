package org.lacuna.eval.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.lacuna.sparsity.critical.Coverage;

/** A study's tables as Markdown, from its numbers. */
final class StudyText {
    /** What a study's models are told by: heading, name of the figure, whether it is a share. */
    static final List<Column> COLUMNS = List.of(new Column("loss", "loss", false), new Column("intermediate", "critical_intermediate", true), new Column("input", "critical_input", true),
            new Column("gate", "critical_gate", true), new Column("up", "critical_up", true), new Column("all inputs", "critical_all_inputs", true),
            new Column("by top-k", "critical_top_k", true), new Column("by max-p", "critical_max_p", true), new Column("PPL-1 %", "critical_cett", true));

    /** Over the list of {@link #gaps}. */
    static final String GAPS = "What this study lacks to judge its claims";

    /** A column of the table of models. */
    record Column(String heading, String figure, boolean share) {
    }

    private final Markdown text = new Markdown();

    private StudyText() {
    }

    static String markdown(JsonNode numbers) {
        StudyText text = new StudyText();
        text.all(numbers);
        return text.text.toString();
    }

    private void all(JsonNode numbers) {
        text.line("# " + numbers.path("study").asText());
        text.line("");
        text.line(models(numbers));
        text.line("");
        List<String> head = new ArrayList<>(List.of("variant", "size", "parameters", "seeds", "zeros"));
        COLUMNS.forEach(column -> head.add(column.heading()));
        text.head(head);
        for (JsonNode model : numbers.path("models")) {
            text.row(modelRow(model));
        }
        text.line("");
        if (!numbers.path("tasks").isEmpty()) {
            tasks(numbers);
        }
        numbers.path("findings").forEach(this::finding);
        List<String> gaps = gaps(numbers);
        if (!gaps.isEmpty()) {
            text.line("## " + GAPS);
            text.line("");
            gaps.forEach(gap -> text.line("- " + gap));
            text.line("");
        }
    }

    /** A sentence for each claim that this study has not all for. */
    static List<String> gaps(JsonNode numbers) {
        return StreamSupport.stream(numbers.path("findings").spliterator(), false).filter(finding -> !finding.path("gaps").isEmpty()).map(finding -> finding.path("claim").asText() + " "
                + StreamSupport.stream(finding.path("gaps").spliterator(), false).map(gap -> capital(gap.asText())).collect(Collectors.joining(". ")) + ".").toList();
    }

    /** A row of the table of models. */
    static List<String> modelRow(JsonNode model) {
        List<String> row = new ArrayList<>(List.of(model.path("variant").asText(), model.path("size").asText(), Shown.count(model.path("parameters").asLong()),
                model.path("seeds").asText(), Shown.percent(model.path("zeros").asDouble())));
        COLUMNS.forEach(column -> row.add(figure(model.path(column.figure()), column.share())));
        return row;
    }

    /** A row of the table of tasks. */
    static List<String> taskRow(JsonNode numbers, JsonNode model) {
        List<String> row = new ArrayList<>(List.of(model.path("variant").asText(), model.path("size").asText()));
        numbers.path("tasks").forEach(task -> {
            row.add(figure(model.path("accuracy_" + task.path("task").asText()), true));
            row.add(figure(model.path("critical_" + task.path("task").asText()), true));
        });
        return row;
    }

    /** What the table of models is about. */
    static String models(JsonNode numbers) {
        return String.format("%s tokens each. Loss in nats a token; critical sparsity at perplexity + 1 %%: by top-p at each site, by top-k, max-p and (PPL-1 %%) thresholds of equal CETT at the"
                + " intermediate vector; on %s windows of %s tokens of %s. Means over seeds. %s “≥”, and “≈” of differences: a critical sparsity that is but a lower bound, or none and counted as 0, went into it or its interval.", Shown.count(numbers.path("tokens").asLong()),
                numbers.at("/data/windows").asText(), numbers.at("/data/window_length").asText(), numbers.at("/data/name").asText(), numbers.path("covers").asText());
    }

    private void tasks(JsonNode numbers) {
        List<String> names = StreamSupport.stream(numbers.path("tasks").spliterator(), false).map(task -> task.path("task").asText()).toList();
        text.line(tasksAre(numbers));
        text.line("");
        List<String> head = new ArrayList<>(List.of("variant", "size"));
        names.forEach(name -> {
            head.add(name);
            head.add("critical");
        });
        text.head(head);
        for (JsonNode model : numbers.path("models")) {
            text.row(taskRow(numbers, model));
        }
        text.line("");
    }

    /** What the table of tasks is about. */
    static String tasksAre(JsonNode numbers) {
        return "Accuracy without a rule, and critical sparsity at 99 % of it (top-p at the intermediate vector; – where the accuracy is not above chance, of which none can be told). " + StreamSupport.stream(numbers.path("tasks").spliterator(), false)
                .map(task -> task.path("task").asText() + ": " + task.path("documents").asText() + " documents"
                        + (task.path("left_out").asInt() == 0 ? "" : " (" + task.path("left_out").asText() + " left out, being longer than the models read)") + (Double.isFinite(task.path("chance").asDouble()) ? ", chance "
                        + Shown.percent(task.path("chance").asDouble()) : "")).collect(Collectors.joining("; "))
                + ". Intervals of critical sparsities are too narrow here: of nominal 95 % ones, "
                + Coverage.ANSWERS.stream().filter(c -> c.of().equals(Coverage.PERCENTILES))
                        .map(c -> c.covered() + " of " + c.simulated() + " held a truth that is known with " + c.examples() + " documents")
                        .collect(Collectors.joining(", ")) + ".";
    }

    private void finding(JsonNode finding) {
        text.line("## " + finding.path("claim").asText());
        text.line("");
        text.line("**" + capital(finding.path("verdict").asText()) + ".** " + finding.path("measure").asText());
        text.line("");
        if (finding.path("rows").isEmpty()) {
            return;
        }
        text.head(List.of("", unit(finding), "95 %", "says"));
        finding.path("rows").forEach(row -> text.row(findingRow(finding, row)));
        text.line("");
        text.line("What can't be concluded: " + StreamSupport.stream(finding.path("limits").spliterator(), false).map(JsonNode::asText).collect(Collectors.joining(" ")));
        text.line("");
    }

    /** A row of a claim's table. */
    static List<String> findingRow(JsonNode finding, JsonNode row) {
        return List.of(row.path("label").asText(), bound(row) + shown(finding, row.path("value").asDouble()),
                "[" + shown(finding, row.path("low").asDouble()) + ", " + shown(finding, row.path("high").asDouble()) + "]", row.path("says").asText());
    }

    static String capital(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    static String unit(JsonNode finding) {
        return finding.path("unit").asText().equals("points") ? "points" : "value";
    }

    private static String shown(JsonNode finding, double number) {
        return finding.path("unit").asText().equals("points") ? Shown.points(number) : Shown.four(number);
    }

    /** In front of a difference: what is a bound on one side need be none on the other. */
    private static String bound(JsonNode row) {
        return row.path("certain").asBoolean() ? "" : "≈ ";
    }

    private static String mark(JsonNode row) {
        return row.path("certain").asBoolean() ? "" : "≥ ";
    }

    static String figure(JsonNode figure, boolean share) {
        if (figure.isMissingNode()) {
            return "–";
        }
        double value = figure.path("value").asDouble();
        double low = figure.path("low").asDouble();
        double high = figure.path("high").asDouble();
        return mark(figure) + (share ? Shown.percent(value) : Shown.four(value)) + " [" + (share ? Shown.percent(low) + ", " + Shown.percent(high) : Shown.four(low) + ", " + Shown.four(high))
                .replace("\u00a0%", "") + "]";
    }
}
