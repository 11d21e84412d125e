package org.lacuna.eval.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.lacuna.sparsity.critical.Coverage;
import org.lacuna.sparsity.critical.FalseAlarms;

/** How often intervals held the truth, and tests found what is not there, where both are known: a row a number, a column a kind of test sets. */
final class CoverageTable {
    private static final String CAPTION = "How often nominal 95 % intervals held the truth where it is known, and how often p ≤ 0.05 told a difference that was not there: shares of "
            + "simulated test sets, ";

    private final Map<String, Map<String, Double>> rows = new LinkedHashMap<>();
    private final Set<String> columns = new LinkedHashSet<>();

    private CoverageTable() {
    }

    /** Of what is measured on windows of text. */
    static Html ofWindows() {
        CoverageTable table = new CoverageTable();
        Function<Coverage, String> column = c -> c.examples() + ", " + c.population();
        Coverage.LEVELS.forEach(c -> table.put("critical sparsity, " + c.of(), column.apply(c), c.share()));
        Coverage.DIFFERENCES.forEach(c -> table.put(c.of().equals(Coverage.LOSSES) ? c.of() : "difference of two, " + c.of(), column.apply(c), c.share()));
        FalseAlarms.MEASURED.stream().filter(alarm -> !alarm.population().equals(FalseAlarms.ANSWERS)).forEach(alarm -> table.put(
                alarm.population().equals(FalseAlarms.UNLIKE) ? "false alarms, unlike models of equal level" : "false alarms, models alike",
                alarm.examples() + ", " + alarm.population(), alarm.share()));
        return table.html(CAPTION + "1,000 of one model and 400 of two, of so many windows, which differ normally or very skewed.");
    }

    /** Of what is measured on a task's documents. */
    static Html ofDocuments() {
        CoverageTable table = new CoverageTable();
        Coverage.ANSWERS.forEach(c -> table.put(c.of(), Integer.toString(c.examples()), c.share()));
        FalseAlarms.MEASURED.stream().filter(alarm -> alarm.population().equals(FalseAlarms.ANSWERS))
                .forEach(alarm -> table.put("false alarms, " + alarm.of(), Integer.toString(alarm.examples()), alarm.share()));
        return table.html(CAPTION + "400, of so many documents.");
    }

    private void put(String row, String column, double share) {
        columns.add(column);
        rows.computeIfAbsent(row, name -> new LinkedHashMap<>()).put(column, share);
    }

    private Html html(String caption) {
        HtmlTable table = new HtmlTable("coverage", caption);
        table.head(Stream.concat(Stream.of(""), columns.stream()).toArray());
        rows.forEach((name, shares) -> {
            List<Object> cells = new ArrayList<>(List.of(name));
            columns.forEach(column -> cells.add(shares.containsKey(column) ? Shown.percent(shares.get(column)) : "–"));
            table.row(cells.toArray());
        });
        return table.done();
    }
}
