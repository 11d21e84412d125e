package org.lacuna.eval.command;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import org.lacuna.data.task.MetricKind;
import org.lacuna.eval.compare.Comparison.Difference;
import org.lacuna.eval.compare.TaskComparison.ComparedTask;
import org.lacuna.eval.compare.TaskComparison.DifferenceAt;
import org.lacuna.eval.compare.TaskComparison.ValueDifference;
import org.lacuna.eval.compare.TaskComparison;
import org.lacuna.eval.report.Shown;
import org.lacuna.eval.task.TaskMeasurement;
import org.lacuna.eval.task.TaskNotes;
import org.lacuna.sparsity.critical.Estimator;
import org.lacuna.sparsity.critical.PairedBootstrap.Interval;

/** What {@code compare} prints of results of tasks: the report's main numbers. */
final class TaskComparisonTable {
    private final PrintWriter out;
    private final TaskComparison comparison;

    private TaskComparisonTable(PrintWriter out, TaskComparison comparison) {
        this.out = out;
        this.comparison = comparison;
    }

    static void print(PrintWriter out, TaskComparison comparison) {
        new TaskComparisonTable(out, comparison).print();
    }

    private void print() {
        List<String> labels = comparison.labels();
        line("control: %s", labels.get(comparison.control()));
        for (ComparedTask task : comparison.tasks()) {
            line("");
            line("task   %s: %,d documents", task.name(), task.results().get(0).task().documents());
            for (int model = 0; model < labels.size(); model++) {
                TaskMeasurement result = task.results().get(model);
                line("       %s: %s", labels.get(model), TaskNotes.asked(result.task()));
                for (String note : TaskNotes.of(result.task(), result.dense())) {
                    line("note   %s: %s", labels.get(model), note);
                }
            }
            for (int m = 0; m < task.results().get(0).dense().size(); m++) {
                MetricKind metric = task.results().get(0).dense().get(m).metric();
                for (int model = 0; model < labels.size(); model++) {
                    int place = model;
                    Optional<ValueDifference> dense = task.dense().stream().filter(d -> d.metric() == metric && d.model() == place).findFirst();
                    line("%-14s%-18s%8.4f   %s%s", metric.key(), "without rule", task.results().get(model).dense().get(m).value(), labels.get(model),
                            dense.map(d -> "   − control: " + shown(d)).orElse(""));
                }
                for (DifferenceAt at : task.atControlsCritical()) {
                    if (at.difference().metric() == metric) {
                        line("%-14s%-18s%8.4f   %s   − control (%.4f): %s, both at its critical sparsity, %.4f", metric.key(), at.sites().key(),
                                at.difference().value(),
                                labels.get(at.difference().model()), at.difference().otherValue(), shown(at.difference()), at.sparsity());
                    }
                }
                task.critical().stream().filter(d -> d.metric() == metric && d.difference().estimator() == Estimator.LINEAR)
                        .map(TaskComparison.CriticalDifference::difference).forEach(this::critical);
            }
        }
        comparison.notes().forEach(note -> line("note: %s", note));
        line("%s", Shown.TASK_LEVELS);
        line("Intervals cover the choice of documents, not of training seeds. p: two-sided of values, one-sided of critical sparsities (the first is "
                + "larger), by exchanging documents between the two.");
    }

    private void critical(Difference d) {
        line("critical sparsity at %s: %s %s − %s %s: %s %s%s", d.sites().key(), comparison.labels().get(d.model()), level(d, true),
                comparison.labels().get(d.against()), level(d, false),
                Shown.difference(d, number -> String.format(Locale.ROOT, "%+.4f", number)), interval(d.interval()), p(d.exchanged()));
    }

    private static String level(Difference d, boolean one) {
        return Shown.level(one ? d.level() : d.otherLevel(), number -> String.format(Locale.ROOT, "%.4f", number));
    }

    private static String shown(ValueDifference d) {
        return String.format(Locale.ROOT, "%+.4f %s%s", d.difference(), interval(d.interval()), p(d.exchanged()));
    }

    private static String interval(Interval interval) {
        return String.format(Locale.ROOT, "[%+.4f, %+.4f]", interval.low(), interval.high());
    }

    private static String p(OptionalDouble p) {
        return p.isPresent() ? String.format(Locale.ROOT, ", p %.2g", p.getAsDouble()) : "";
    }

    private void line(String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
        out.flush();
    }
}
